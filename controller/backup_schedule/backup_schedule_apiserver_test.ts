import assert from "node:assert/strict";
import {
  API_VERSION,
  backupScheduleKind,
  backupScheduleSpec,
  customResourceDefinition,
  GROUP,
  VERSION,
} from "../../api/mod.ts";
import { type ApiServer, ApiStatusError, startApiserver, waitUntil } from "../../tests/cluster/mod.ts";
import { partPath } from "../../tests/parts/mod.ts";

type Fields = Readonly<Record<string, unknown>>;

const PATH = `/apis/${GROUP}/${VERSION}/namespaces/default/backupschedules`;

function specOf(schedule: Fields, rest: Fields = {}): Fields {
  return { configRef: { name: "recipe" }, schedule: { cron: "0 3 * * *", ...schedule }, ...rest };
}

const good: Readonly<Record<string, Fields>> = {
  "a night": specOf({}),
  "names, lists, ranges and steps": specOf({ cron: "*/15,3 8-18/2 1,15 jan-MAR,12 Mon-fri" }),
  "hashes": specOf({ cron: "H H(0-5) * * *" }),
  "hashes with steps": specOf({ cron: "H(0-29)/10 H/6 H * H" }),
  "Sunday as 7": specOf({ cron: "00 05 * * 7" }),
  "UTC": specOf({ timezone: "UTC" }),
  "a zone of three parts": specOf({ timezone: "America/Argentina/Buenos_Aires" }),
  "a fixed zone": specOf({ timezone: "Etc/GMT+5" }),
  "a jitter in seconds": specOf({ jitter: "90" }),
  "everything": specOf({
    jitter: "1h30m",
    timezone: "Europe/Berlin",
    runOnCreate: true,
    suspend: true,
    concurrencyPolicy: "Replace",
    startingDeadlineSeconds: 0,
  }, {
    failedJobsHistoryLimit: 0,
    successfulJobsHistoryLimit: 1000,
    backupTemplate: {
      tags: { team: "db" },
      description: "nightly",
      deletionPolicy: "Retain",
      failurePolicy: { backoffLimit: 1 },
    },
  }),
};

const bad: Readonly<Record<string, readonly [spec: Fields, says: RegExp]>> = {
  "no config": [{ schedule: { cron: "0 3 * * *" } }, /spec\.configRef: Required value/],
  "no schedule": [{ configRef: { name: "recipe" } }, /spec\.schedule: Required value/],
  "no cron": [{ configRef: { name: "recipe" }, schedule: {} }, /spec\.schedule\.cron: Required value/],
  "a cron with seconds": [specOf({ cron: "0 0 3 * * *" }), /a cron expression has five fields/],
  "a nickname": [specOf({ cron: "@midnight" }), /a cron expression has five fields: .*write H H \* \* \*/],
  "a minute there is not": [specOf({ cron: "60 3 * * *" }), /the minute of the cron expression must be/],
  "an hour there is not": [specOf({ cron: "0 24 * * *" }), /the hour of the cron expression must be/],
  "a day there is not": [specOf({ cron: "0 3 32 * *" }), /the day of month of the cron expression must be/],
  "a month there is not": [specOf({ cron: "0 3 1 FOO *" }), /the month of the cron expression must be/],
  "a weekday there is not": [specOf({ cron: "0 3 * * 8" }), /the day of week of the cron expression must be/],
  "the last day": [specOf({ cron: "0 3 L * *" }), /the day of month of the cron expression/],
  "a step of 0": [specOf({ cron: "*/0 3 * * *" }), /the minute of the cron expression/],
  "a cron that is longer than any": [specOf({ cron: `${"0,".repeat(130)}0 3 * * *` }), /Too long/],
  "an abbreviated zone": [specOf({ timezone: "CET" }), /a time zone is an IANA name such as Europe\/Berlin/],
  "an offset": [specOf({ timezone: "+02:00" }), /a time zone is an IANA name/],
  "a jitter that is no duration": [specOf({ jitter: "a while" }), /spec\.schedule\.jitter/],
  "a negative deadline": [specOf({ startingDeadlineSeconds: -1 }), /startingDeadlineSeconds/],
  "an unknown policy": [
    specOf({ concurrencyPolicy: "Queue" }),
    /concurrencyPolicy.*"Forbid", "Allow", "Replace"/,
  ],
  "a negative limit": [specOf({}, { failedJobsHistoryLimit: -1 }), /failedJobsHistoryLimit/],
  "a tag of ours": [specOf({}, { backupTemplate: { tags: { "kopiur-run": "x" } } }), /a tag's key/],
  "an unknown field": [specOf({ cronn: "x" }), /unknown field "spec\.schedule\.cronn"/],
};

async function create(server: ApiServer, name: string, spec: Fields): Promise<Fields> {
  const body = { apiVersion: API_VERSION, kind: backupScheduleKind.kind, metadata: { name }, spec };
  return await server.request("POST", `${PATH}?fieldValidation=Strict`, { body }) as Fields;
}

Deno.test("the CRD of a BackupSchedule: a real API server defaults good ones and refuses bad ones readably", async (t) => {
  await using server = await startApiserver();
  await server.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
    body: customResourceDefinition(backupScheduleKind),
  });
  await waitUntil(() => server.request("GET", PATH), {
    what: "the CRD to be served",
    limitSeconds: 20,
    everyMs: 100,
  });
  let count = 0;
  for (const [name, spec] of Object.entries(good)) {
    await t.step(`accepts ${name}`, async () => {
      const stored = await create(server, `good-${count++}`, spec);
      assert.ok(backupScheduleSpec.safeParse(stored["spec"]).success);
    });
  }
  for (const [name, [spec, says]] of Object.entries(bad)) {
    await t.step(`refuses ${name}`, async () => {
      await assert.rejects(create(server, `bad-${count++}`, spec), (error: unknown) => {
        assert.ok(error instanceof ApiStatusError);
        assert.match(error.message, says);
        return true;
      });
    });
  }
  await t.step("fills in the defaults", async () => {
    const stored = await create(server, "defaults", specOf({}));
    assert.deepEqual(stored["spec"], {
      configRef: { name: "recipe" },
      schedule: {
        cron: "0 3 * * *",
        timezone: "UTC",
        runOnCreate: false,
        suspend: false,
        concurrencyPolicy: "Forbid",
      },
      failedJobsHistoryLimit: 3,
      successfulJobsHistoryLimit: 3,
    });
  });
  await t.step("shows its columns, and a next slot that lies ahead readably", async () => {
    const stored = await create(server, "columns", specOf({}));
    await server.request("PUT", `${PATH}/columns/status`, {
      body: {
        ...stored,
        status: {
          lastSchedule: { at: "2026-01-01T03:00:00Z", backupRef: { name: "columns-20260101030000" } },
          nextSchedule: {
            at: "2999-01-02T03:00:00Z",
            startAt: "2999-01-02T03:07:00Z",
            backupRef: { name: "columns-29990102030000" },
          },
        },
      },
    });
    const kubectl = await partPath("kubectl");
    const { stdout } = await new Deno.Command(kubectl, {
      args: [`--kubeconfig=${server.kubeconfigPath}`, "get", "kopiasched", "columns"],
    }).output();
    const [head = "", row = ""] = new TextDecoder().decode(stdout).split("\n");
    assert.deepEqual(head.trim().split(/ {2,}/), [
      "NAME",
      "CONFIG",
      "SCHEDULE",
      "SUSPENDED",
      "LAST",
      "NEXT",
      "AGE",
    ]);
    assert.match(row, /^columns +recipe +0 3 \* \* \* +false +\S+ +2999-01-02T03:07:00Z +\d+s/);
  });
});
