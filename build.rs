//! Tells cargo which files outside src/ the program contains.
//!
//! A release build embeds the site (src/site/files.rs), so it is rebuilt when the site is. Other
//! builds read the site from the disk. Every build of the server embeds the migrations.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=migrations");
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        println!("cargo:rerun-if-changed=target/site");
    }
}
