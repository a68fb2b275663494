/** Filled in by build.mjs: the name of the model in `dist`. */
declare const INKLING_MODEL: string;

declare module '*.css';
