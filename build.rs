//! What the program knows of its own sources when it is built.
//!
//! A release build carries the site (src/site/files.rs): it is built again when the site is. In the other builds the site is read from the disk.
//!
//! Both halves are told what the types are that answers to the pages are made of (src/rpc/call.rs): a page of another build cannot read them.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Where those types stand, and the versions of what writes and reads them.
const TYPES: [&str; 3] = ["src/domain", "src/error.rs", "Cargo.lock"];

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        println!("cargo:rerun-if-changed=target/site");
    }
    let mut files = BTreeSet::new();
    for part in TYPES {
        println!("cargo:rerun-if-changed={part}");
        collect(Path::new(part), &mut files)?;
    }
    let mut hash = DefaultHasher::new();
    for file in files {
        (&file, fs::read(&file)?).hash(&mut hash);
    }
    println!("cargo:rustc-env=TRAINSET_TYPES={:016x}", hash.finish());
    Ok(())
}

fn collect(path: &Path, files: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else {
        files.insert(path.to_owned());
    }
    Ok(())
}
