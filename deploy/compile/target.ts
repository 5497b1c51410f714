import type { Machine } from "./elf.ts";

/** A platform `deno compile` makes a binary for. */
export interface Target {
  readonly triple: string;
  readonly machine: Machine;
  /** The name of the processor in OCI images. */
  readonly architecture: "amd64" | "arm64";
  /** Where Deno's runtime comes from when Deno's own site cannot be reached. */
  readonly wheel: DenortWheel;
}

/** A Python wheel that holds a program compiled with the pinned Deno: its head is an intact denort. */
export interface DenortWheel {
  readonly requirement: string;
  readonly platform: string;
  readonly sha256: string;
  /** Path of the compiled program inside the wheel. */
  readonly member: string;
  /** Of the denort at its head. */
  readonly denortSha256: string;
}

const wheel = {
  requirement: "bids_validator_deno==2.4.1",
  member: "bids_validator_deno-2.4.1.data/scripts/bids-validator-deno",
} as const;

/** Every platform a release has, the one most people run first. */
export const TARGETS: readonly Target[] = [
  {
    triple: "x86_64-unknown-linux-gnu",
    machine: "x86_64",
    architecture: "amd64",
    wheel: {
      ...wheel,
      platform: "manylinux_2_28_x86_64",
      sha256: "5087fcd13341f529b5404792a74e22f570e50f17e5ea4cabe9c91b1caf74cbf4",
      denortSha256: "1b136202dc147212ad0b129de0c10eb5f17060917c9754c7921cd68f764ad2e2",
    },
  },
  {
    triple: "aarch64-unknown-linux-gnu",
    machine: "aarch64",
    architecture: "arm64",
    wheel: {
      ...wheel,
      platform: "manylinux_2_28_aarch64",
      sha256: "f09c1e600cae71293ab5ae9ddc30aa56a871463837a020eb23b246fa2024c462",
      denortSha256: "ee39b54b2f465eae3f1dd3d79495e1ef957fae69ff4f6ad118499986b714d494",
    },
  },
];

/** The Deno release the wheels were compiled with; with another one they are of no use. */
export const WHEEL_DENO = "2.6.10";

/** The target of a triple; undefined when no release is made for it. */
export function findTarget(triple: string): Target | undefined {
  return TARGETS.find((target) => target.triple === triple);
}
