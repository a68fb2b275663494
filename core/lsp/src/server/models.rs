//! Model files in the host's store: `inkling/keptModels`, `inkling/keepModel`, `inkling/deleteModel`; and those that one
//! might take: `inkling/catalogue`.

use std::rc::Rc;

use inkling_assist::catalogue::{CATALOGUE, CatalogueModel};
use inkling_assist::engine::Cancel;
use serde::Serialize;
use serde_json::{Value, json};

use super::{REQUEST_CANCELLED, REQUEST_FAILED, Refusal, Server, refusal};
use crate::host::{Future, Models};
use crate::wire::{CatalogueItem, CatalogueParams, KeepModelParams, LoadModelParams};

impl Server {
    pub(super) fn catalogue(&self, id: Value, CatalogueParams { memory_bytes }: CatalogueParams) {
        let items: Vec<CatalogueItem> = CATALOGUE.iter().map(|model| item(model, memory_bytes)).collect();
        self.respond(id, Ok(json!(items)));
    }

    pub(super) fn kept_models(&self, id: Value, _: Value) {
        self.of_models(id, |models| Box::pin(async move { models.list().await.map_err(failed) }));
    }

    /// The store has one file arrive at a time, and none while a model is loaded: there is one progress bar.
    pub(super) fn keep_model(&self, id: Value, params: KeepModelParams) {
        let server = self.clone();
        self.of_models(id, move |models| {
            Box::pin(async move {
                let cancel = server.begin_loading();
                let bar = Rc::new(server.progress_bar("Fetching", params.file_name()));
                let progress = Rc::clone(&bar);
                let progress = Box::new(move |bytes, total| progress.report(bytes, total));
                let kept = models.keep(params, progress, cancel.clone()).await;
                bar.end();
                if cancel.is_cancelled() {
                    let message = kept.err().unwrap_or_else(|| "cancelled".to_string());
                    return Err(refusal(REQUEST_CANCELLED, &message));
                }
                server.state.borrow_mut().loading = None;
                kept.map_err(failed)
            })
        });
    }

    pub(super) fn delete_model(&self, id: Value, LoadModelParams { uri }: LoadModelParams) {
        self.of_models(id, |models| Box::pin(async move { models.delete(&uri).await.map_err(failed) }));
    }

    /// What is loaded or fetched from now on, in place of what was.
    pub(super) fn begin_loading(&self) -> Cancel {
        let cancel = Cancel::default();
        if let Some(older) = self.state.borrow_mut().loading.replace(cancel.clone()) {
            older.cancel();
        }
        cancel
    }

    /// Answers a request with what `ask` has of the host's store.
    fn of_models<T, F>(&self, id: Value, ask: F)
    where
        T: Serialize + 'static,
        F: FnOnce(Rc<dyn Models>) -> Future<Result<T, Refusal>>,
    {
        let Some(models) = self.host.models() else {
            return self.respond(id, Err(refusal(REQUEST_FAILED, "this host keeps no model files")));
        };
        let (server, answer) = (self.clone(), ask(models));
        self.host.spawn(Box::pin(async move {
            let result = answer.await;
            server.respond(id, result.map(|result| json!(result)));
        }));
    }
}

fn item(model: &CatalogueModel, memory_bytes: Option<u64>) -> CatalogueItem {
    CatalogueItem {
        name: model.name.to_string(),
        url: model.url(),
        licence: model.licence.to_string(),
        bytes: model.n_bytes,
        cpu_bytes: model.on_cpu().total(),
        gpu_bytes: model.on_gpu().total(),
        fits: memory_bytes.map(|memory_bytes| model.fits(memory_bytes)),
    }
}

fn failed(message: String) -> Refusal {
    refusal(REQUEST_FAILED, &message)
}
