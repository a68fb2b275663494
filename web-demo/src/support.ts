import { byId } from './dom';

/** A module whose one function makes a vector: `i32.const 0; i8x16.splat`. */
const SIMD_MODULE = [
  0, 97, 115, 109, 1, 0, 0, 0, // magic, version
  1, 5, 1, 96, 0, 1, 123, // types: () -> v128
  3, 2, 1, 0, // functions
  10, 8, 1, 6, 0, 65, 0, 253, 15, 11, // code
];

/** Whether this browser's WebAssembly has what the core is compiled to. */
export function hasWasmSimd(): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(new Uint8Array(SIMD_MODULE));
}

/** Keeps the playground in the browser's cache, and says when it is there. */
export async function keepOffline(): Promise<void> {
  // Absent on plain HTTP but for this machine, and in some private windows.
  if (!('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register(new URL('service-worker.js', document.baseURI));
    await navigator.serviceWorker.ready;
    byId('offline', HTMLElement).hidden = false;
  } catch (error) {
    console.warn('The playground will need the network next time:', error);
  }
}
