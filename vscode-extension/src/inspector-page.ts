import './inspector-page.css';
import type { Trace } from '../../web-demo/src/protocol.gen';
import { Stages } from '../../web-demo/stages/stages';

/** What the editor gives the pages that it shows. */
declare function acquireVsCodeApi(): {
  getState(): { panel?: string } | undefined;
  setState(state: { panel: string }): void;
  postMessage(message: unknown): void;
};

const editor = acquireVsCodeApi();
const stages = new Stages(editor.getState()?.panel, (panel) => editor.setState({ panel }));
addEventListener('message', ({ data }: MessageEvent<Trace>) => stages.show(data));
editor.postMessage('ready');
