/** Filled in by build.mjs: file names carry a hash of their content, and are relative to the page. */
declare const INKLING_FILES: {
  readonly core: string;
  readonly editorWorker: string;
  readonly model: string;
};

/** Filled in by build.mjs for the service worker: names what this build caches, and lists it. */
declare const INKLING_BUILD: { readonly id: string; readonly files: readonly string[] };

declare module '*.wasm' {
  const url: string;
  export default url;
}
declare module '*.css';
