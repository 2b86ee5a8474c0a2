/// A state whose content can leave memory as bytes, and come back into another state of the same form.
///
/// What comes back continues the sequence with the same bits, as long as the same kernels compute. The content is in pieces, so
/// that no second copy of all of it is needed.
public protocol StorableState: MixerState {
  /// What a state must be like to take what this one gives: a line with its kind, sizes and element type.
  var form: String { get }

  /// The bytes of each piece that `tokens` tokens have, in order; nothing is allocated for knowing it.
  func pieceSizes(tokens: Int) -> [Int]

  /// Hands out the content, piece by piece.
  ///
  /// Every byte of it comes from this sequence's tokens, or is zero: what memory held before does not leave with it.
  ///
  /// - Throws: ``MixerError/memory(_:)``; what `piece` throws.
  func store(_ piece: (UnsafeRawBufferPointer) throws -> Void) throws

  /// Puts `tokens` tokens in the place of the present ones; `fill` writes the pieces, which are undefined before.
  ///
  /// - Throws: ``MixerError/capacityExceeded(capacity:requested:)``, ``MixerError/memory(_:)``; what `fill` throws. The state has
  ///   not changed then.
  func load(tokens: Int, _ fill: (UnsafeMutableRawBufferPointer) throws -> Void) throws
}
