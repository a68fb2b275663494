use std::pin::Pin;
use std::rc::Rc;

use inkling_assist::context::File;
use inkling_assist::engine::Cancel;
use inkling_assist::gguf::Source;
use inkling_assist::remote::Launcher;
use inkling_endpoint::Transport;
use inkling_metrics::Event;
use serde_json::Value;

use crate::wire::{KeepModelParams, KeptModel, KeptModels};

/// A future on the host's one thread.
pub type Future<T> = Pin<Box<dyn std::future::Future<Output = T>>>;

/// A host's store of what happened to suggestions, by the wall clock.
pub trait Metrics {
    /// Keeps an event; the first one makes the store. The error, which the user is shown once, says what is wrong
    /// with it.
    fn record(&self, event: &Event) -> Result<(), String>;

    /// The events of so many days, today included, or all, each with its day, the oldest first.
    fn recorded(&self, days: Option<u32>) -> Result<Vec<(String, Event)>, String>;
}

/// A host's store of model files, whose URIs [`Host::open`] takes. Every error says what to do.
pub trait Models {
    /// What is there, whole or not.
    fn list(&self) -> Future<Result<KeptModels, String>>;

    /// Takes a file in, from where an earlier try broke off if it is still the same; what is no model is not kept.
    /// `progress` hears bytes had and bytes in all, and `cancel` ends it.
    fn keep(
        &self,
        params: KeepModelParams,
        progress: Box<dyn Fn(u64, u64)>,
        cancel: Cancel,
    ) -> Future<Result<KeptModel, String>>;

    /// Frees a file's room.
    fn delete(&self, uri: &str) -> Future<Result<(), String>>;
}

/// What the server needs of the process, Worker or page that it runs in. Everything happens on one thread.
pub trait Host {
    /// Sends a JSON-RPC message to the client.
    fn send(&self, message: Value);

    /// Runs a task until it ends.
    fn spawn(&self, task: Future<()>);

    /// Milliseconds of a steady clock.
    fn now_ms(&self) -> f64;

    /// Ends after `ms` milliseconds.
    fn sleep(&self, ms: f64) -> Future<()>;

    /// Ends after the messages that have arrived were received.
    fn pause(&self) -> Future<()>;

    /// Opens a model file; `progress` hears bytes had and bytes in all while it is fetched, and fetching
    /// ends once `cancel` is used.
    ///
    /// The error says what to do.
    fn open(
        &self,
        uri: &str,
        progress: Box<dyn Fn(u64, u64)>,
        cancel: Cancel,
    ) -> Future<Result<Box<dyn Source>, String>>;

    /// Reads the source files of the folder with this URI, without those that the user has excluded, and gives
    /// them to `take` a few at a time, none at the end; at once or later, in the background. A host without files does nothing:
    /// its client pushes them.
    fn read_folder(&self, uri: &str, take: Box<dyn Fn(Vec<File>)>) {
        let _ = (uri, take);
    }

    /// Whether an open document, by its path in the workspace, may be used for suggestions in others: it is not
    /// excluded by the user's ignore files.
    fn may_read(&self, path: &str) -> bool {
        let _ = path;
        true
    }

    /// Starts engines that run models outside of this process or Worker; `None` where the host has none.
    fn engine(&self) -> Option<Rc<dyn Launcher>> {
        None
    }

    /// Carries requests to servers that run models; `None` where the host has no network.
    fn transport(&self) -> Option<Rc<dyn Transport>> {
        None
    }

    /// Keeps what happens to suggestions; `None` where the host has no store.
    fn metrics(&self) -> Option<&dyn Metrics> {
        None
    }

    /// Keeps model files; `None` where the host has no store.
    fn models(&self) -> Option<Rc<dyn Models>> {
        None
    }

    /// The model to load when the settings name none.
    fn default_model(&self) -> Option<String>;

    /// Threads that may compute.
    fn n_threads(&self) -> usize;
}
