//! What the program knows of its own sources when it is built.
//!
//! A release build carries the site (src/site/files.rs): it is built again when the site is. In the other builds the site is read from the disk.
//! Every build of the server carries the steps of the database's schema.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=migrations");
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        println!("cargo:rerun-if-changed=target/site");
    }
}
