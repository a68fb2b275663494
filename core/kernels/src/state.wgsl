// What changes from step to step; everything else lies in the uniforms, which are written once a model.
struct State {
    first_position: u32, // of the tokens that are evaluated
    n_tokens: u32,
    selected: u32,       // the first token whose logits are wanted
    n_splits: u32,       // parts that the positions are divided into for attention
    split_len: u32,      // positions a part
    is_masked: u32,      // 1 where the mask counts
    first_in_cache: u32, // where the conversation's positions begin
}
@group(0) @binding(0) var<storage, read> state: State;
