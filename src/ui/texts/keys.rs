//! The keys, and the dialog that lists them.

pub const TITLE: &str = "Keyboard shortcuts";
pub const EVERYWHERE: &str = "Everywhere";

/// Keys, and what they do.
pub const ALL: [(&[&str], &str); 8] = [
    (&["/"], "search the datasets"),
    (&["n"], "create a dataset, or a model on the start page"),
    (&["?"], "show this list"),
    (&["Esc"], "close the dialog; asks first if you have unsaved changes"),
    (&["Enter"], "go to the next step, or save"),
    (&["Tab", "Shift"], "move between controls; stays inside an open dialog"),
    (&["Space"], "press a button, toggle a checkbox"),
    (&["↑", "↓"], "move through a list"),
];
