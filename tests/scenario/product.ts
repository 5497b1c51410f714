import { fromFileUrl } from "./paths.ts";

/** What is under test: the compiled binary and the image made of it by `deno task image`. */
export const product = {
  binary: fromFileUrl("../../build/kopiur"),
  imageArchive: fromFileUrl("../../build/kopiur-image.tar"),
  image: "kopiur.local/kopiur:0.1.0",
  chart: fromFileUrl("../../deploy/chart"),
} as const;
