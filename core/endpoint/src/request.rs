use inkling_assist::engine::Sampling;
use inkling_assist::prompt::{Prompt, chat};
use serde_json::{Map, Value, json};

use crate::endpoint::Way;
use crate::{Api, Endpoint, HttpRequest};

/// One completion to ask for.
pub(crate) struct Question<'a> {
    pub(crate) prompt: &'a Prompt,
    pub(crate) max_tokens: usize,
    pub(crate) sampling: Sampling,
    /// Which of several different ones.
    pub(crate) nth: usize,
}

/// Further completions are to differ from the first, whatever the temperature of that.
const VARIED: f32 = 0.7;

/// The question in the server's words; it is to answer with events as it writes.
pub(crate) fn request(endpoint: &Endpoint, way: &Way, question: &Question<'_>) -> HttpRequest {
    let mut body = match way.api {
        Api::Infill => infill(way, question),
        api => openai(api, endpoint, way, question),
    };
    let Sampling { temperature, top_p, seed, .. } = question.sampling;
    let temperature = if question.nth == 0 { temperature } else { temperature.max(VARIED) };
    body.insert("stream".to_string(), json!(true));
    // Through text, since 0.7 as f32 is 0.699999988 as f64.
    body.insert("temperature".to_string(), json!(temperature.to_string().parse::<f64>().unwrap_or(0.0)));
    if temperature > 0.0 {
        body.insert("top_p".to_string(), json!(top_p.to_string().parse::<f64>().unwrap_or(1.0)));
        body.insert("seed".to_string(), json!(seed.wrapping_add(question.nth as u64) & u64::from(u32::MAX)));
    }
    HttpRequest {
        url: way.url.clone(),
        headers: endpoint.headers.clone(),
        key: endpoint.key.clone().filter(|key| !key.0.is_empty()),
        body: Value::Object(body).to_string(),
    }
}

fn openai(api: Api, endpoint: &Endpoint, way: &Way, question: &Question<'_>) -> Map<String, Value> {
    let mut body = Map::new();
    if !endpoint.model.is_empty() {
        body.insert("model".to_string(), json!(endpoint.model));
    }
    body.insert("max_tokens".to_string(), json!(question.max_tokens));
    let pieces = question.prompt.pieces(&way.template);
    match api {
        Api::Chat => {
            let chat = chat(&pieces);
            let messages = json!([
                { "role": "system", "content": chat.system },
                { "role": "user", "content": chat.user },
            ]);
            body.insert("messages".to_string(), messages);
        }
        Api::Suffix => {
            body.insert("prompt".to_string(), json!(pieces.prefix));
            body.insert("suffix".to_string(), json!(pieces.suffix));
        }
        _ => {
            body.insert("prompt".to_string(), json!(question.prompt.to_text()));
            let stops = way.template.markers();
            if !stops.is_empty() {
                body.insert("stop".to_string(), json!(stops));
            }
        }
    }
    body
}

fn infill(way: &Way, question: &Question<'_>) -> Map<String, Value> {
    let pieces = question.prompt.pieces(&way.template);
    let extra: Vec<Value> =
        pieces.files.iter().map(|file| json!({ "filename": file.path, "text": file.text })).collect();
    let body = json!({
        "input_prefix": pieces.prefix,
        "input_suffix": pieces.suffix,
        "input_extra": extra,
        "prompt": "",
        "n_predict": question.max_tokens,
        "cache_prompt": true,
    });
    match body {
        Value::Object(body) => body,
        _ => Map::new(),
    }
}
