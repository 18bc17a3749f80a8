//! The program `smtp-appliance`.

#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    drop(rustls::crypto::ring::default_provider().install_default());
    smtp_appliance::log::begin();
    let options =
        smtp_appliance::demo::Options { once: true, out: Some("/tmp/demo-out".into()), port: 2525 };
    smtp_appliance::demo::run(options, Default::default()).await?;
    Ok(())
}
