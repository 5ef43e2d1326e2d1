//! The first row: where we are, who we are, how fresh this is, what is going on.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::cut;
use crate::console::binding::keyed;
use crate::console::{Console, age};
use crate::tui::theme::Theme;
use crate::vcenter::{LinkState, Place, Simulated};

/// Columns that the name of a plugin gets.
const PLUGIN: u16 = 16;

/// Draws it. Plugins go first where there is no room. Too narrow a screen loses the accounts first, then what of vCenter is real, then its name; never the state of the link.
pub fn draw(console: &Console, area: Rect, theme: Theme, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let least = left(console, theme, 4).width();
    let fits = |right: &Line<'_>| right.width() + least < usize::from(area.width);
    let right = Some(right(console, theme, true)).filter(fits).unwrap_or_else(|| right(console, theme, false));
    let room = usize::from(area.width).saturating_sub(right.width());
    let lefts = || (0..5).map(|less| left(console, theme, less));
    let left = lefts().find(|line| line.width() < room).or_else(|| lefts().next_back()).unwrap_or_default();
    left.render(area, buffer);
    let indent = u16::try_from(room).unwrap_or(0);
    right.render(Rect { x: area.x + indent, width: area.width - indent, ..area }, buffer);
}

fn left(console: &Console, theme: Theme, less: u8) -> Line<'static> {
    let session = &console.session;
    let mut spans = vec![Span::raw(" ")];
    if let Some(text) = simulated(console, less) {
        spans.push(Span::styled(text, theme.banner()));
        spans.push(Span::raw(" "));
    }
    // Of all that a narrow screen loses, not this: it says whose templates these are.
    if let Some(context) = &session.context {
        spans.push(Span::styled(format!("[{context}]"), theme.key()));
        spans.push(Span::raw(" "));
    }
    if less < 4 {
        spans.push(Span::styled(session.vcenter.clone(), theme.bold()));
    }
    if less < 2 {
        spans.push(Span::styled(format!("  {}", session.account), theme.dim()));
    }
    if let Some(account) = session.picture_account.as_ref().filter(|_| less < 1) {
        spans.push(Span::styled(format!(" · pictures as {account}"), theme.dim()));
    }
    Line::from(spans)
}

/// What is simulated: the demo, or whatever the server says of itself.
fn simulated(console: &Console, less: u8) -> Option<&'static str> {
    match console.session.server {
        Some(Simulated::AllButGuests) if less < 3 => Some(" SIMULATED vCenter, real guests "),
        Some(Simulated::AllButGuests | Simulated::All) => Some(" SIMULATED "),
        None => console.session.simulated.then_some(" SIMULATED "),
    }
}

fn right(console: &Console, theme: Theme, plugins: bool) -> Line<'static> {
    let mut spans = Vec::new();
    let mut add = |text: String, style: Style| {
        if !spans.is_empty() {
            spans.push(Span::raw("  "));
        }
        spans.push(Span::styled(text, style));
    };
    let (link, style) = link(console, theme);
    add(link, style);
    let running = console.live_runs().len();
    if running > 0 {
        add(format!("● {running} running"), theme.busy());
    }
    let alarms = console.alarms();
    if alarms > 0 {
        add(format!("▲ {alarms} alarm{}", if alarms == 1 { "" } else { "s" }), theme.bad());
    }
    if console.session.mode.is_read_only() {
        add("read-only".into(), theme.warn());
    }
    if let [(_, name), more @ ..] = console.plugins.as_slice()
        && plugins
    {
        let more = if more.is_empty() { String::new() } else { format!(" +{}", more.len()) };
        add(format!("◌ {}{more}", cut(name, PLUGIN)), theme.busy());
    }
    spans.push(Span::raw(" "));
    Line::from(spans)
}

fn link(console: &Console, theme: Theme) -> (String, Style) {
    let stale = console.stale().map(|age| format!("data {age} old")).unwrap_or_else(|| "no data yet".into());
    match &console.session.link {
        LinkState::Connecting => ("connecting…".into(), theme.warn()),
        LinkState::Live => match console.unanswered(Place::MAIN) {
            Some(age) => (format!("▲ no answer for {age}"), theme.warn()),
            None => ("✓ live".into(), theme.good()),
        },
        LinkState::Lost { retry_at, .. } => {
            let retry = age::spoken(*retry_at, console.now);
            (format!("▲ {stale}, retry in {retry}"), theme.warn())
        }
        LinkState::Stopped { .. } => (keyed(format!("✗ stopped, {stale}, ‹refresh› retries")), theme.bad()),
    }
}
