//! Answers every line on stdin with the key that one long-lived AWS client signs with. ../README.md has the protocol.
//!
//! In Rust the providers keep nothing: what holds a session between two requests is the client's identity cache, and only
//! a request goes through it. So the probe signs a request and reads the key from its Authorization header. The request
//! leaves only when PROBE_S3_ENDPOINT names somebody who wants to see it.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, meta::region::RegionProviderChain, retry::RetryConfig};
use aws_sdk_sts::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_sts::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sts::error::{BoxError, DisplayErrorContext};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, stdin, stdout};

/// The protocol allows 60 s.
const PATIENCE: Duration = Duration::from_secs(55);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let variant = std::env::args().nth(1).unwrap_or_default();
    let signed = Signed { key: Arc::default(), send: std::env::var_os("PROBE_S3_ENDPOINT").is_some() };
    let client = client(&variant, signed.clone()).await?;
    let mut lines = BufReader::new(stdin()).lines();
    while lines.next_line().await?.is_some() {
        let answer = ask(&client, &signed).await;
        stdout().write_all(format!("{answer}\n").as_bytes()).await?;
        stdout().flush().await?;
    }
    Ok(())
}

async fn client(variant: &str, signed: Signed) -> Result<aws_sdk_sts::Client, Box<dyn Error>> {
    let region = RegionProviderChain::default_provider().or_else("us-east-1");
    let loader = aws_config::defaults(BehaviorVersion::latest()).region(region);
    let config = match variant {
        "default" => loader.load().await,
        "base" => {
            let here = ProviderConfig::with_default_region().await;
            let base = ProfileFileCredentialsProvider::builder().profile_name("job-execution-role").configure(&here);
            loader.credentials_provider(base.build()).load().await
        }
        _ => return Err(format!("unknown variant {variant:?}; there are default and base").into()),
    };
    let mut own = aws_sdk_sts::config::Builder::from(&config)
        .retry_config(RetryConfig::disabled()) // for the request alone: the hops of a chain have a client of their own
        .interceptor(signed);
    if let Ok(url) = std::env::var("PROBE_S3_ENDPOINT") {
        own = own.endpoint_url(url);
    }
    Ok(aws_sdk_sts::Client::from_conf(own.build()))
}

async fn ask(client: &aws_sdk_sts::Client, signed: &Signed) -> serde_json::Value {
    signed.key.lock().unwrap().take();
    let error = match tokio::time::timeout(PATIENCE, client.get_caller_identity().send()).await {
        Err(_) => format!("no answer from the SDK within {} s", PATIENCE.as_secs()),
        Ok(Err(error)) => DisplayErrorContext(error).to_string(),
        Ok(Ok(_)) => "the request was not signed".into(),
    };
    // Once it is signed, what becomes of the request says nothing about credentials.
    match signed.key.lock().unwrap().take() {
        Some(key) => json!({ "key": key }),
        None => json!({ "error": error.split_whitespace().collect::<Vec<_>>().join(" ") }),
    }
}

/// Notes the key id that a request was signed with.
#[derive(Clone, Debug)]
struct Signed {
    key: Arc<Mutex<Option<String>>>,
    send: bool,
}

impl Intercept for Signed {
    fn name(&self) -> &'static str {
        "Signed"
    }

    fn read_after_signing(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let header = context.request().headers().get("authorization").unwrap_or_default();
        let key = header.split_once("Credential=").and_then(|(_, rest)| rest.split_once('/'));
        *self.key.lock().unwrap() = key.map(|(key, _)| key.to_owned());
        if self.send { Ok(()) } else { Err("signed, and not sent".into()) }
    }
}
