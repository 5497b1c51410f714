import { repositoryKind } from "../../../api/mod.ts";
import type { ControllerOptions } from "../../options.ts";
import { OPERATIONS, slotRepository, type SlotUse } from "../../movers/mod.ts";
import { decide } from "./decide.ts";
import { bootstrapJobName, bootstrapsOf } from "./task.ts";
import type { RepositoryWorld } from "../world.ts";

/**
 * A Repository wants a slot when a bootstrap is due. One that is opened for the first time, or with a changed spec, goes
 * before those that are read again, as somebody waits for it. Of the latter the one that was read longest ago goes first. The precedence is only for the
 * first try: a hundred whose movers never start would keep every other one from being read again.
 */
export function repositorySlots(options: ControllerOptions): SlotUse<RepositoryWorld> {
  return {
    kind: repositoryKind.kind,
    keyOf: ({ repository }) => repository.key,
    jobsOf: ({ jobs }) => jobs,
    wish: (world, now) => {
      const { repository, object } = world;
      const { key, generation, status: { bootstrap, lastInit } } = repository;
      const wasTried = bootstrap?.forGeneration === generation ||
        bootstrapsOf(world, options, now).memory.slotsGivenBack !== undefined;
      const decision = decide(world, now, options);
      return {
        class: OPERATIONS[wasTried ? "bootstrap" : "backup"].slotClass,
        repository: slotRepository(key),
        repositoryLimit: undefined,
        since: lastInit?.time ?? object.metadata.creationTimestamp ?? "",
        jobs: decision.kind === "start" ? [bootstrapJobName(repository, decision.number)] : [],
        comesBack: bootstrap?.job !== undefined || decision.kind === "wait",
      };
    },
  };
}
