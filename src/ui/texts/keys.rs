//! The keys, and the dialog that lists them.

pub const TITLE: &str = "Keys";
pub const EVERYWHERE: &str = "Everywhere";

/// Keys, and what they do.
pub const ALL: [(&[&str], &str); 8] = [
    (&["/"], "search the datasets"),
    (&["n"], "make a new dataset, or on the start page a new model"),
    (&["?"], "show this list"),
    (&["Esc"], "close a dialog; asks first where something was changed"),
    (&["Enter"], "go on: the next step, or save"),
    (&["Tab", "Shift"], "go from control to control; a dialog keeps you inside"),
    (&["Space"], "press a button, tick a box"),
    (&["↑", "↓"], "choose in a list"),
];
