//! What is to be done outside: data, carried out by the driver alone.

mod judged;
mod mutates;

use std::path::PathBuf;
use std::sync::Arc;

pub use self::judged::Judged;
use super::github::Ask;
pub use super::log::Sought;
use super::media;
use super::message::RequestId;
use super::own::Own;
use crate::generation::Plan;
use crate::guest::picture::Picture;
use crate::ops::{Description, Places};
use crate::pipeline::Key;
use crate::vcenter::{Choice, Place, Question, Vm};

/// Something to do.
#[derive(Debug, Clone)]
pub enum Effect {
    /// log in and watch the folder anew (also after a refused password: a person asked for it)
    Watch,
    /// log in to the places of lines that live elsewhere, and watch their folders
    WatchElsewhere(Arc<Places>),
    /// take the picture of a guest's console
    TakePicture {
        /// its number
        request: RequestId,
        /// the guest
        vm: Box<Vm>,
    },
    /// take a small picture of a guest's console, scaled by the server where it can
    TakeThumbnail {
        /// its number
        request: RequestId,
        /// the guest
        vm: Box<Vm>,
    },
    /// read the last picture that was recorded of a run
    ReadLastFrame {
        /// its number
        request: RequestId,
        /// the run's folder
        dir: PathBuf,
    },
    /// read the newest run of every line from disk now
    ReadRuns,
    /// look at the runs of a line now
    ReadHistory(Key),
    /// build a line, detached
    Build {
        /// its number
        request: RequestId,
        /// the line
        key: Key,
    },
    /// stop a run
    CancelRun {
        /// its number
        request: RequestId,
        /// the line
        key: Key,
        /// kill instead of asking packer to clean up
        force: bool,
    },
    /// stop the smoke test of a promotion: nothing is promoted
    StopTest {
        /// the promotion's number
        request: RequestId,
    },
    /// ask vCenter whether a change of generations would be refused
    Guard {
        /// its number
        request: RequestId,
        /// where its line lives
        place: Place,
        /// the change
        plan: Box<Plan>,
    },
    /// carry a change of generations out
    Apply {
        /// its number
        request: RequestId,
        /// where its line lives
        place: Place,
        /// the change
        plan: Box<Plan>,
    },
    /// open the log of a run and report its growth until another is opened
    OpenLog {
        /// its number; reports carry it
        request: RequestId,
        /// the file
        path: PathBuf,
    },
    /// close the log
    CloseLog,
    /// read lines of the open log
    ReadLog {
        /// its number
        request: RequestId,
        /// index of the first line
        from: u64,
        /// how many
        count: u64,
    },
    /// look for a line in the open log
    SeekLog {
        /// its number
        request: RequestId,
        /// what
        sought: Sought,
        /// where to begin; this line itself comes last
        from: u64,
        /// towards the end
        forwards: bool,
    },
    /// write the whole log, scrubbed, to a file of the user's
    SaveLog {
        /// its number
        request: RequestId,
        /// the line, for the file's name
        key: Key,
    },
    /// read lines of the open log for the clipboard
    CopyLog {
        /// its number
        request: RequestId,
        /// index of the first line
        from: u64,
        /// index of the last line
        to: u64,
    },
    /// write a picture to a file of the user's
    SavePicture {
        /// its number
        request: RequestId,
        /// for the file's name
        name: String,
        /// what to write
        picture: Picture,
    },
    /// follow the record of a run, and read how long earlier runs of the line took
    OpenRecording {
        /// its number; reports carry it
        request: RequestId,
        /// the line
        key: Key,
        /// the run's folder
        dir: PathBuf,
    },
    /// follow no record any more
    CloseRecording,
    /// read a recorded picture
    ReadFrame {
        /// its number
        request: RequestId,
        /// the file
        path: PathBuf,
    },
    /// say why a run fails, from its log, its pictures and its guest; while it is at work, whenever one of them changes
    Judge {
        /// its number; verdicts bear it as long as the run is at work
        request: RequestId,
        /// the run
        run: Judged,
    },
    /// write everything that is known about a run, scrubbed, to a file of the user's
    SaveBundle {
        /// its number
        request: RequestId,
        /// the line
        key: Key,
        /// the run's folder
        dir: PathBuf,
        /// its log
        log: PathBuf,
        /// its guest, as vCenter has it now
        guest: Option<Box<Vm>>,
    },
    /// read the text of a picture
    ReadWords {
        /// its number
        request: RequestId,
        /// the picture
        picture: Picture,
        /// by tesseract, too, where its glyphs are unknown
        thorough: bool,
    },
    /// ask vCenter whether the account of builds has a privilege on a guest
    AskPrivilege {
        /// its number
        request: RequestId,
        /// the guest
        vm: Box<Vm>,
        /// vSphere's id of the privilege
        privilege: &'static str,
    },
    /// press a key that types nothing in a guest
    Wake {
        /// its number
        request: RequestId,
        /// the guest
        vm: Box<Vm>,
    },
    /// answer what vCenter asks about a VM
    Answer {
        /// its number
        request: RequestId,
        /// the VM
        vm: Box<Vm>,
        /// what it asks
        question: Box<Question>,
        /// the answer
        choice: Choice,
    },
    /// type into a guest
    Type {
        /// its number
        request: RequestId,
        /// the guest
        vm: Box<Vm>,
        /// characters, control characters for keys that have one
        keys: String,
    },
    /// add a screen to the rules of the repository
    Teach {
        /// its number
        request: RequestId,
        /// what it is known by, and what it means
        description: Box<Description>,
        /// the screen
        picture: Picture,
    },
    /// try a description of a screen on what is on record
    TryTeaching {
        /// its number
        request: RequestId,
        /// what it would be known by
        description: Box<Description>,
        /// the screen
        picture: Picture,
    },
    /// call a person by the terminal's bell
    Notify {
        /// what happened
        text: String,
        /// also by a notification of the desktop
        desktop: bool,
    },
    /// ask GitHub, or change something there
    GitHub(Ask),
    /// about install media
    Media(media::Request),
    /// put text on the clipboard of the user's terminal; `what` it is, for saying so afterwards
    #[expect(missing_docs, reason = "said above")]
    Clipboard { text: String, what: String },
    /// turn mouse reporting on or off
    Mouse(bool),
    /// what the user's configuration asks for
    Own(Own),
    /// draw everything anew: something else wrote on the screen
    Repaint,
    /// give the terminal back and stop, until the shell resumes us
    Suspend,
    /// end the program
    Quit,
}
