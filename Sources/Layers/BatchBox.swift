/// The layout that a batch's operators read when they run, so that a captured plan can be replayed for other sequences.
///
/// ```swift
/// try box.begin(BatchLayout([.init(state: cache, rows: 1)]))   // takes memory for the new tokens
/// plan.replay()
/// box.commit()                                                  // the tokens are part of the states
/// ```
/// One thread uses a box at a time.
public final class BatchBox: @unchecked Sendable {
  /// The layout in force; `nil` before ``begin(_:)`` and when the batch has ended, so that a box keeps no state alive.
  public private(set) var layout: BatchLayout?
  private var attachments: [AnyHashable: any BatchAttachment] = [:]

  /// A box without a layout.
  public init() {}

  /// The number of rows of the layout in force.
  public var rows: Int { layout?.rows ?? 0 }

  /// Puts a layout in force: reserves memory in every state and lets the operators prepare.
  ///
  /// - Throws: ``MixerError``; the states are unchanged then.
  public func begin(_ layout: BatchLayout) throws(MixerError) {
    for (index, run) in layout.runs.enumerated() {
      for state in run.states {
        guard state.tokens == run.position else {
          throw .positionMismatch(run: index, position: run.position, tokens: state.tokens)
        }
        try state.reserve(run.rows)
      }
    }
    for attachment in attachments.values { try attachment.prepare(for: layout) }
    self.layout = layout
  }

  /// Ends the batch and makes the rows that were computed part of their states.
  public func commit() {
    guard let layout else { return }
    self.layout = nil
    for run in layout.runs {
      for state in run.states { state.advance(by: run.rows) }
    }
  }

  /// Ends a batch that is given up: its states hold what they held before. Does nothing after ``commit()``.
  public func abandon() { layout = nil }

  /// The attachment under `key`, made when there is none yet.
  ///
  /// - Throws: ``MixerError`` when it cannot be prepared for the layout in force.
  public func attachment<Attachment: BatchAttachment>(
    _ key: AnyHashable, make: () -> Attachment
  ) throws(MixerError) -> Attachment {
    if let found = attachments[key] as? Attachment { return found }
    let made = make()
    if let layout { try made.prepare(for: layout) }
    attachments[key] = made
    return made
  }
}

/// What an operator keeps with a batch: tables and scratch that follow the layout.
public protocol BatchAttachment: AnyObject {
  /// Makes ready for a layout whose states have reserved their memory; takes what memory the operators will need.
  ///
  /// - Throws: ``MixerError``.
  func prepare(for layout: BatchLayout) throws(MixerError)
}
