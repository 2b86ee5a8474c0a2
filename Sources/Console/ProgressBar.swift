import CVenturi
import Synchronization

/// A line on a terminal that shows how far a task is; silent where standard error is no terminal.
package final class ProgressBar: Sendable {
  private struct State {
    var shownAt = -1.0
    var isShown = false
    var done = 0
  }
  private let title: String
  private let isEnabled: Bool
  private let started = vt_monotonic_seconds()
  private let state = Mutex(State())

  /// A bar for the task `title`.
  package init(_ title: String, enabled: Bool = Output.noteIsTerminal) {
    self.title = title
    isEnabled = enabled
  }

  /// Shows that `done` of `total` bytes are there; 0 for a total that is not known. Never goes back.
  package func update(bytes done: Int, of total: Int) {
    guard isEnabled else { return }
    let now = vt_monotonic_seconds()
    let line: String? = state.withLock { state in
      state.done = max(state.done, done)
      if now - state.shownAt < 0.1, total == 0 || state.done < total { return nil }
      state.shownAt = now
      state.isShown = true
      return Self.line(title, done: state.done, total: total, seconds: now - started)
    }
    if let line { Output.notePiece("\r\u{1B}[K" + line) }
  }

  /// Shows a short text, such as the cell that is being measured.
  package func show(_ text: String) {
    guard isEnabled else { return }
    state.withLock { $0.isShown = true }
    Output.notePiece("\r\u{1B}[K\(title): \(text)")
  }

  /// Takes the line away.
  package func finish() {
    let wasShown = state.withLock { state in
      defer { state.isShown = false }
      return state.isShown
    }
    if wasShown { Output.notePiece("\r\u{1B}[K") }
  }

  /// `smollm2  42 %  [████████            ]  41.3 / 98.4 MB  12.0 MB/s`
  static func line(_ title: String, done: Int, total: Int, seconds: Double) -> String {
    let rate = seconds > 0 ? Human.bytes(Int(Double(done) / seconds)) + "/s" : ""
    guard total > 0 else { return "\(title)  \(Human.bytes(done))  \(rate)" }
    let share = min(1, Double(done) / Double(total))
    let width = 24
    let filled = Int(share * Double(width))
    let bar = String(repeating: "█", count: filled) + String(repeating: " ", count: width - filled)
    return "\(title)  \(Int(share * 100)) %  [\(bar)]  \(Human.bytes(done)) of \(Human.bytes(total))  \(rate)"
  }
}
