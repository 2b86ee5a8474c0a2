/// Whether ended generations leave what they computed to others whose prompts begin alike.
///
/// What is found is forked, never computed again: answers are the same, bit for bit. Of states that cannot be cut (those of
/// recurrent models) the ends of prompts and answers are kept, and the places where prompts part, for whoever goes on from
/// just there.
public enum PrefixCache: Sendable, Hashable {
  /// Only sessions keep what they have; for programs that hold sessions.
  case off
  /// Up to what 16 sequences of full length take, and half of the memory for states; for servers.
  case automatic
  /// Up to this many bytes, and never more than the memory for states.
  case bytes(Int)

  /// Memory that is used again is faster than memory that the system has to find, so the store does not grow for ever.
  static let automaticSequences = 16
}
