import { byId } from './dom';

/** What the user may hand to the page. */
export interface FileTargets {
  openText(name: string, text: string): void;
  loadModel(file: File): void;
  refuse(message: string): void;
}

/** More than anyone edits by hand, and little enough for the editor to stay quick. */
const MAX_TEXT_BYTES = 20e6;

/** Files come by the buttons or are dropped anywhere on the page; `.gguf` is a model, the rest is text. */
export function acceptFiles(targets: FileTargets): void {
  for (const name of ['open-file', 'open-model']) {
    const input = byId(`${name}-input`, HTMLInputElement);
    byId(name, HTMLButtonElement).addEventListener('click', () => input.click());
    input.addEventListener('change', () => {
      const file = input.files?.[0];
      input.value = '';
      if (file) void accept(file, targets);
    });
  }
  acceptDrops((file) => void accept(file, targets));
}

async function accept(file: File, targets: FileTargets): Promise<void> {
  if (file.name.toLowerCase().endsWith('.gguf')) return targets.loadModel(file);
  if (file.size > MAX_TEXT_BYTES) {
    return targets.refuse(`${file.name} has ${Math.round(file.size / 1e6)} MB; the playground opens text of up to 20 MB.`);
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
    targets.openText(file.name, text);
  } catch {
    targets.refuse(`${file.name} is not UTF-8 text. Save it as UTF-8 and open it again.`);
  }
}

function acceptDrops(accepted: (file: File) => void): void {
  const veil = byId('drop-veil', HTMLElement);
  addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    veil.hidden = false;
  });
  addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) veil.hidden = true;
  });
  addEventListener('drop', (event) => {
    veil.hidden = true;
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    accepted(file);
  });
}
