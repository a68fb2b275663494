export type Status = { state: State, message?: string, model?: ModelInfo, };

export type State = "loading" | "idle" | "thinking" | "error";

export type ModelInfo = { name: string, uri: string, fileBytes: number, nParameters: number, quantization: string, architecture: string, nContext: number, executor: string, threads: number, };

export type LoadModelParams = { uri: string, };

export type Settings = { model?: string, maxTokens?: number, promptTokens?: number, debounceMs?: number, temperature?: number, candidates?: number, threads?: number, };

export type Trace = { tree: string, context: string, prompt: string, tokens: Array<TraceToken>, logits: Array<TraceStep>, raw: string, suggestion: string, rules: Array<string>, model: string, promptTokens: number, reusedTokens: number, timings: Timings, prefillTokS: number, decodeTokS: number, };

export type TraceToken = { id: number, text: string, special: boolean, };

export type TraceStep = { id: number, text: string, probability: number, alternatives: Array<TraceAlternative>, };

export type TraceAlternative = { id: number, text: string, probability: number, };

export type Timings = { contextMs: number, promptMs: number, prefillMs: number, decodeMs: number, refineMs: number, totalMs: number, };
