//! Tells cargo which files outside src/ the program contains.
//!
//! A release build embeds the site (src/site/files.rs) and the documents (src/site/docs.rs), so it is
//! rebuilt when they are. Other builds read them from the disk. Every build of the server embeds the migrations.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=migrations");
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        println!("cargo:rerun-if-changed=target/site");
        println!("cargo:rerun-if-changed=docs");
    }
}
