//! Which effects change something outside this program.

use super::Effect;

impl Effect {
    /// Whether it changes something outside this program: vCenter, a guest, a run, the repository.
    pub const fn mutates(&self) -> bool {
        match self {
            Self::Build { .. }
            | Self::CancelRun { .. }
            | Self::StopTest { .. }
            | Self::Apply { .. }
            | Self::Type { .. }
            | Self::Wake { .. }
            | Self::Answer { .. }
            | Self::Teach { .. } => true,
            Self::GitHub(ask) => ask.mutates(),
            Self::Media(request) => request.mutates(),
            Self::Watch
            | Self::WatchElsewhere(_)
            | Self::TakePicture { .. }
            | Self::TakeThumbnail { .. }
            | Self::ReadLastFrame { .. }
            | Self::ReadRuns
            | Self::ReadHistory(_)
            | Self::Guard { .. }
            | Self::OpenLog { .. }
            | Self::CloseLog
            | Self::ReadLog { .. }
            | Self::SeekLog { .. }
            | Self::SaveLog { .. }
            | Self::CopyLog { .. }
            | Self::SavePicture { .. }
            | Self::OpenRecording { .. }
            | Self::CloseRecording
            | Self::ReadFrame { .. }
            | Self::Judge { .. }
            | Self::SaveBundle { .. }
            | Self::ReadWords { .. }
            | Self::TryTeaching { .. }
            | Self::AskPrivilege { .. }
            | Self::Notify { .. }
            | Self::Clipboard { .. }
            | Self::Mouse(_)
            | Self::Own(_)
            | Self::Repaint
            | Self::Suspend
            | Self::Quit => false,
        }
    }
}
