import assert from "node:assert/strict";
import { lastScreen, type Told } from "./last_screen.ts";

const reported: Told = {
  target: {
    kubectl: "/cache/parts/kubectl",
    helm: "/cache/helm-part/helm",
    kubeconfig: "/my cache/admin.kubeconfig",
    signal: new AbortController().signal,
  },
  namespace: "kopiur-demo",
  pluginFolder: "/tree/build",
  status: "REPOSITORIES\n  NAME   PHASE\n",
  backup: "photos-x1",
  id: "e0fe",
  list: "photos@kopiur-demo:/pvc/photos",
  files: 200,
  metrics: ['kopiur_backup_files{namespace="kopiur-demo"} 200'],
  stop: "./denow task demo down",
};

Deno.test("lastScreen() says how to reach the cluster once, in words a shell takes", () => {
  const screen = lastScreen(reported);
  assert.match(screen, /^ {2}export KUBECONFIG='\/my cache\/admin\.kubeconfig'$/m);
  assert.match(screen, /^ {2}export PATH=\/cache\/parts:\/cache\/helm-part:\/tree\/build:\$PATH$/m);
  assert.equal(screen.split("admin.kubeconfig").length, 2);
  assert.match(screen, /^ {2}kubectl describe backup photos-x1 -n kopiur-demo +# /m);
  assert.match(screen, /all 200 files are byte-identical/);
  assert.match(screen, /\.\/denow task demo down$/);
});

Deno.test("lastScreen() names the context of a cluster of the user's, after the plugin's name", () => {
  const { kubeconfig: _left, ...target } = reported.target;
  const screen = lastScreen({ ...reported, target: { ...target, context: "home lab" } });
  assert.doesNotMatch(screen, /KUBECONFIG/);
  assert.match(screen, /kubectl --context 'home lab' get kopiur/);
  assert.match(screen, /kubectl kopiur status --context 'home lab' -n/);
});
