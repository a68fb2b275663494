/** Has every WebGPU device made with subgroups where its adapter has them: wgpu cannot ask for them yet. */
export function askForSubgroups() {
  const prototype = globalThis.GPUAdapter?.prototype;
  if (!prototype || prototype.asksForSubgroups) return;
  const { requestDevice } = prototype;
  prototype.asksForSubgroups = true;
  prototype.requestDevice = function (descriptor) {
    const features = new Set(descriptor?.requiredFeatures);
    if (this.features.has('subgroups')) features.add('subgroups');
    return requestDevice.call(this, { ...descriptor, requiredFeatures: [...features] });
  };
}
