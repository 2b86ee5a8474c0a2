import Layers

/// The keys that a token sees while it is generated: some blocks of 16, chosen anew in each layer, and the last ones.
public struct BlockBudget: Sendable, Hashable, CustomStringConvertible {
  /// Blocks that are chosen for each kv head, the first of a sequence among them where ``keepsFirst`` says so.
  public let blocks: Int
  /// Last keys that are seen in any case; what else is in the block of the first of them is seen as well.
  public let local: Int
  /// Whether the first block of a sequence is always chosen: heads with nothing to say attend to the first keys, which vanish in the
  /// mean of their block (StreamingLLM, 2023, arXiv 2309.17453).
  public let keepsFirst: Bool

  /// A budget.
  ///
  /// - Throws: ``/Layers/MixerError/invalidSetting(field:value:expected:)``.
  public init(blocks: Int, local: Int, keepsFirst: Bool = true) throws(MixerError) {
    guard 1...65536 ~= blocks else { throw .invalidSetting(field: "blocks", value: blocks, expected: "1…65536") }
    guard 1...1 << 20 ~= local else { throw .invalidSetting(field: "local", value: local, expected: "1…2²⁰") }
    self.blocks = blocks
    self.local = local
    self.keepsFirst = keepsFirst
  }

  /// Reads ``description``: `block:16x32+128`, blocks of 16 of which 32 are chosen, and 128 last keys;
  /// with `:free` behind it the first block is chosen like any other.
  ///
  /// - Throws: ``/Layers/MixerError/invalidSetting(field:value:expected:)``; nothing for a text that says something else.
  public init?(parsing text: String) throws(MixerError) {
    let size = KeyValueLayout.blockTokens
    guard text.hasPrefix("block:\(size)x") else { return nil }
    let isFree = text.hasSuffix(Self.free)
    let parts = text.dropFirst("block:\(size)x".count).dropLast(isFree ? Self.free.count : 0)
      .split(separator: "+", omittingEmptySubsequences: false)
    guard parts.count == 2, let blocks = Int(parts[0]), let local = Int(parts[1]) else { return nil }
    try self.init(blocks: blocks, local: local, keepsFirst: !isFree)
  }

  /// What says that the first block is chosen like any other.
  private static let free = ":free"

  /// `block:16x32+128`, or `block:16x32+128:free` where the first block is chosen like any other.
  public var description: String {
    "block:\(KeyValueLayout.blockTokens)x\(blocks)+\(local)\(keepsFirst ? "" : Self.free)"
  }

  /// The blocks before the last keys of a sequence, among which some are chosen.
  func candidates(_ length: Int) -> Int { max(0, length - local) / KeyValueLayout.blockTokens }

  /// Whether the last of `length` tokens sees fewer keys than all.
  func chooses(_ length: Int) -> Bool { candidates(length) > blocks }

  /// The keys that are seen where blocks are chosen.
  func seen(_ length: Int) -> Int {
    (blocks - candidates(length)) * KeyValueLayout.blockTokens + length
  }

  /// The most that are seen, whatever the length.
  var most: Int { blocks * KeyValueLayout.blockTokens + local + KeyValueLayout.blockTokens - 1 }
}
