import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  type Message,
} from 'vscode-jsonrpc';
import type { MessageTransports } from 'vscode-languageclient';

/** A Worker of Node or of a browser. */
export interface Port {
  post(message: object): void;
  onMessage(listener: (message: Message) => void): void;
  /** Heard once, when the Worker is gone. */
  onEnd(listener: () => void): void;
}

/** JSON-RPC over a Worker's messages. Unlike the library's own, it is closed when the Worker ends. */
export function transports(port: Port): MessageTransports {
  return { reader: new Reader(port), writer: new Writer(port) };
}

class Reader extends AbstractMessageReader {
  constructor(private readonly port: Port) {
    super();
    port.onEnd(() => this.fireClose());
  }

  listen(callback: DataCallback): Disposable {
    this.port.onMessage(callback);
    return { dispose() {} };
  }
}

class Writer extends AbstractMessageWriter {
  constructor(private readonly port: Port) {
    super();
  }

  write(message: Message): Promise<void> {
    this.port.post(message);
    return Promise.resolve();
  }

  end(): void {}
}
