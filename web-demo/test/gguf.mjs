// As much of the GGUF format (version 3) as it takes to make another model out of one.

/** Sizes of the metadata's value types; 8 is a string, 9 an array. */
const SIZES = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const STRING = 8;
const ARRAY = 9;
const F32 = 0;

/**
 * The same model with its last norm turned round: where it was surest, it is now least sure. Its weight for what
 * the open file says goes by another name, so that it answers alone.
 */
export function contrary(bytes) {
  const other = Uint8Array.from(bytes);
  const key = Buffer.from(bytes).indexOf('inkling.cache.mixer');
  other.set(Buffer.from('inkling.cache.other'), key);
  const view = new DataView(other.buffer);
  const { offset, length } = findTensor(view, 'output_norm.weight');
  for (let i = 0; i < length; i++) {
    const at = offset + 4 * i;
    view.setFloat32(at, -view.getFloat32(at, true), true);
  }
  return other;
}

function findTensor(view, wanted) {
  let at = 8;
  const u32 = () => view.getUint32((at += 4) - 4, true);
  const u64 = () => Number(view.getBigUint64((at += 8) - 8, true));
  const string = () => {
    const length = u64();
    return new TextDecoder().decode(new Uint8Array(view.buffer, (at += length) - length, length));
  };
  const skip = (type) => {
    if (type === STRING) string();
    else if (type !== ARRAY) at += SIZES[type];
    else for (let [of, n] = [u32(), u64()]; n > 0; n--) skip(of);
  };
  const nTensors = u64();
  let alignment = 32;
  for (let n = u64(); n > 0; n--) {
    const key = string();
    const type = u32();
    if (key === 'general.alignment') alignment = view.getUint32(at, true);
    skip(type);
  }
  let found;
  for (let n = nTensors; n > 0; n--) {
    const name = string();
    const shape = Array.from({ length: u32() }, u64);
    const type = u32();
    const offset = u64();
    if (name === wanted && type === F32) found = { offset, length: shape.reduce((a, b) => a * b, 1) };
  }
  if (!found) throw new Error(`no F32 tensor ${wanted}`);
  return { ...found, offset: found.offset + Math.ceil(at / alignment) * alignment };
}
