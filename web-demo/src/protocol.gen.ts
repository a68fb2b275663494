// Written by `cargo xtask codegen` from core/lsp/src/wire.rs.

export type Status = { 
/**
 * What the server is doing.
 */
state: State, 
/**
 * For people, where there is something to say.
 */
message?: string, 
/**
 * The model that answers.
 */
model?: ModelInfo, };

export type State = "loading" | "idle" | "thinking" | "error";

export type ModelInfo = { 
/**
 * Its own name.
 */
name: string, 
/**
 * Where it was loaded from.
 */
uri: string, 
/**
 * The file's size.
 */
fileBytes: number, 
/**
 * Weights.
 */
nParameters: number, 
/**
 * The commonest storage type of its matrices.
 */
quantization: string, 
/**
 * Its architecture.
 */
architecture: string, 
/**
 * Tokens that prompt and answer may have together.
 */
nContext: number, 
/**
 * What runs it; for a server's model the address that is asked.
 */
executor: string, 
/**
 * Why it is the CPU, where a graphics processor was wanted.
 */
executorReason?: string, 
/**
 * Threads that compute.
 */
threads: number, 
/**
 * Where a file's model runs.
 */
engine?: EngineChoice, 
/**
 * Why it runs in the core, where an engine was wanted.
 */
engineReason?: string, };

export type LoadModelParams = { 
/**
 * A file's path natively, a URL in browsers.
 */
uri: string, };

export type CatalogueParams = { 
/**
 * The memory of the machine that would run them, where the client knows.
 */
memoryBytes?: number, };

export type CatalogueItem = { 
/**
 * What people call it.
 */
name: string, 
/**
 * Where the file is.
 */
url: string, 
/**
 * The licence of its weights.
 */
licence: string, 
/**
 * The size of the file.
 */
bytes: number, 
/**
 * What it takes in memory on the CPU.
 */
cpuBytes: number, 
/**
 * What it takes on a graphics processor.
 */
gpuBytes: number, 
/**
 * Whether the CPU can run it beside what else is open; none where the memory is not known.
 */
fits: boolean | null, };

export type KeepModelParams = { 
/**
 * Where it is.
 */
url: string, 
/**
 * What it is called, where the address does not say.
 */
name?: string, };

export type KeptModel = { 
/**
 * What `inkling/loadModel` takes.
 */
uri: string, 
/**
 * The file's name.
 */
name: string, 
/**
 * Where it came from; none for a file of the user's.
 */
url: string | null, 
/**
 * What is there of it.
 */
bytes: number, 
/**
 * What it has in all, as far as known.
 */
totalBytes: number | null, 
/**
 * Whether all of it is there.
 */
isWhole: boolean, };

export type KeptModels = { 
/**
 * By name.
 */
models: Array<KeptModel>, 
/**
 * What the store may still take, as far as known.
 */
freeBytes: number | null, };

export type FilesParams = { 
/**
 * New, changed and removed files.
 */
files: Array<PushedFile>, };

export type PushedFile = { 
/**
 * Relative to the workspace folder, with `/`.
 */
path: string, 
/**
 * Its text; absent if the file is gone.
 */
text?: string, };

export type Settings = { 
/**
 * The model to load: a file's path natively, a URL in browsers.
 */
model?: string, 
/**
 * Tokens of an answer, at most; a whole member may take twice as many.
 */
maxTokens?: number, 
/**
 * Tokens of a prompt, at most.
 */
promptTokens?: number, 
/**
 * Whether suggestions that are more likely wrong than worth reading are shown unasked.
 */
showUnsure?: boolean, 
/**
 * Milliseconds of quiet before the model is asked.
 */
debounceMs?: number, 
/**
 * 0 is greedy.
 */
temperature?: number, 
/**
 * Different suggestions when the user asks by key.
 */
candidates?: number, 
/**
 * Threads that compute, where there are threads.
 */
threads?: number, 
/**
 * Where models run from the next load on.
 */
engine?: EngineChoice, 
/**
 * What runs models; a change loads the present one anew.
 */
executor?: Executes, 
/**
 * A server that answers in place of a model file; one without a `url` is none.
 */
endpoint?: EndpointSettings, 
/**
 * What is kept of suggestions.
 */
metrics?: MetricsSettings, };

export type EngineChoice = "inside" | "process";

export type Executes = "auto" | "cpu" | "gpu";

export type EndpointSettings = { 
/**
 * Its address up to and including `/v1`, which may be left out where there is no other path.
 */
url: string, 
/**
 * The model's name there; none where the server has but one.
 */
model?: string, 
/**
 * How it is asked.
 */
api?: EndpointApi, 
/**
 * Whose prompt it is sent, where the model's name does not say.
 */
template?: PromptTemplate, 
/**
 * What the server asks for.
 */
key?: string, 
/**
 * Headers to send along.
 */
headers?: { [key in string]: string }, 
/**
 * Milliseconds within which an answer has to be there.
 */
timeoutMs?: number, 
/**
 * Tokens of a prompt, at most, in place of `promptTokens`, which is made for this machine.
 */
promptTokens?: number, };

export type EndpointApi = "auto" | "completions" | "suffix" | "infill" | "chat";

export type PromptTemplate = "auto" | "inkling" | "qwen" | "codegemma" | "granite" | "starcoder" | "deepseekCoder" | "plain";

export type EndpointTest = { 
/**
 * The address that was asked.
 */
url: string, 
/**
 * How it was asked.
 */
api: string, 
/**
 * What it wrote behind `def add(a, b):` and `return`.
 */
text: string, 
/**
 * Milliseconds until the first of it was here.
 */
firstMs: number, 
/**
 * Milliseconds until all of it was.
 */
totalMs: number, };

export type MetricsSettings = { 
/**
 * Whether anything is.
 */
enabled?: boolean, };

export type MetricsParams = { 
/**
 * Of so many days (UTC), today included; of all without it.
 */
days?: number, };

export type MetricsReport = { 
/**
 * Whether the host has a store and the settings let it be used.
 */
isKept: boolean, 
/**
 * Of all; without a key.
 */
total: MetricsSums, 
/**
 * By the language's name, in alphabetical order.
 */
byLanguage: Array<MetricsSums>, 
/**
 * By day (`YYYY-MM-DD`, UTC), in order.
 */
byDay: Array<MetricsSums>, };

export type MetricsSums = { 
/**
 * What the group has in common.
 */
key: string, 
/**
 * Given to the editor.
 */
shown: number, 
/**
 * Taken whole.
 */
accepted: number, 
/**
 * Taken in part.
 */
partlyAccepted: number, 
/**
 * Not taken.
 */
dismissed: number, 
/**
 * Characters that were taken.
 */
characters: number, 
/**
 * Those taken whole of those shown, 0 to 1; null where nothing was shown.
 */
acceptanceRate: number | null, 
/**
 * Milliseconds from question to answer that half of what was shown did not exceed.
 */
p50Ms: number | null, 
/**
 * Milliseconds that 19 of 20 did not exceed.
 */
p95Ms: number | null, };

export type Trace = { 
/**
 * The syntax tree around the cursor.
 */
tree: string, 
/**
 * How the place is completed: `inline`, `in block` or `after block`.
 */
way: string, 
/**
 * What the model might have been told.
 */
context: string, 
/**
 * The code of other files among it, the least relevant first.
 */
snippets: Array<TraceSnippet>, 
/**
 * The kinds of the secrets that became placeholders, in the order of these.
 */
redacted: Array<string>, 
/**
 * What it was told, special tokens spelled out.
 */
prompt: string, 
/**
 * The prompt's tokens.
 */
tokens: Array<TraceToken>, 
/**
 * The answer, token by token.
 */
logits: Array<TraceStep>, 
/**
 * The answer's text.
 */
raw: string, 
/**
 * What refinement left of it.
 */
suggestion: string, 
/**
 * The chance that it is right, from 0 to 1, of models that know their own.
 */
confidence?: number, 
/**
 * Whether it is worth showing to somebody who has not asked for it.
 */
sure: boolean, 
/**
 * The refinement rules that took something away.
 */
rules: Array<string>, 
/**
 * The model's name.
 */
model: string, 
/**
 * How many tokens the prompt had.
 */
promptTokens: number, 
/**
 * How many of them were still evaluated from the last time.
 */
reusedTokens: number, 
/**
 * Where the time went.
 */
timings: Timings, 
/**
 * Prompt tokens evaluated a second.
 */
prefillTokS: number, 
/**
 * Answer tokens a second.
 */
decodeTokS: number, };

export type TraceSnippet = { 
/**
 * Where it stands.
 */
path: string, 
/**
 * Its lines, or declarations without their bodies.
 */
text: string, 
/**
 * Why it was chosen.
 */
reason: string, 
/**
 * How relevant it is, from 0 to 1.
 */
score: number, 
/**
 * What it takes of the prompt's tokens; none where there was no room for it.
 */
tokens: number | null, };

export type TraceToken = { 
/**
 * Its id.
 */
id: number, 
/**
 * Its text.
 */
text: string, 
/**
 * Whether it is one of the model's special tokens.
 */
special: boolean, };

export type TraceStep = { 
/**
 * Its id.
 */
id: number, 
/**
 * Its text.
 */
text: string, 
/**
 * What the model gave it.
 */
probability: number, 
/**
 * The likeliest tokens here, the chosen one among them.
 */
alternatives: Array<TraceAlternative>, };

export type TraceAlternative = { 
/**
 * Its id.
 */
id: number, 
/**
 * Its text.
 */
text: string, 
/**
 * What the model gave it.
 */
probability: number, };

export type Timings = { 
/**
 * Choosing what the model is told.
 */
contextMs: number, 
/**
 * Packing it into the budget.
 */
promptMs: number, 
/**
 * Evaluating the prompt, tokenizing it included.
 */
prefillMs: number, 
/**
 * Writing the answer.
 */
decodeMs: number, 
/**
 * Making a suggestion of it.
 */
refineMs: number, 
/**
 * From the cursor to the suggestion.
 */
totalMs: number, };
