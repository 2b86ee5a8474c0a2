import Formats
import Layers
import Tensors

/// A decoder's network over the same weights with adapters beside its matrices, for steps in which some run has one.
final class AdaptedDecoder: Sendable {
  let network: AttentionDecoder
  let sites: AdapterSites
  let rows: LowRankRows

  init(_ plain: AttentionDecoder, workers: Int) {
    let rows = LowRankRows(workers: workers)
    var sites = AdapterSites(plain.configuration)
    network = plain.replacing { site, part, core in
      sites.add(site, core)
      return AdaptedLinear(core, site: site, rows: rows, part: part)
    }
    self.sites = sites
    self.rows = rows
  }

  /// Puts the adapters of a batch in force.
  func begin(_ batch: TokenBatch) {
    rows.begin()
    for run in batch.runs {
      let logits =
        switch run.logits {
        case .none: 0
        case .last: 1
        case .all: run.tokens.count
        }
      rows.append(run.adapter?.set, rows: run.tokens.count, logits: logits)
    }
    rows.end(parts: 3)
  }
}

extension AttentionDecoder {
  /// The network with other cores for its matrices, which have numbers.
  func replacing(_ change: (Int, LowRankRows.Part, any LinearCore) -> any LinearCore) -> AttentionDecoder {
    var result = self
    result.blocks = blocks.enumerated().map { layer, block in
      block.replacing { role, core in change(AdapterSites.number(layer, role), .all, core) }
    }
    result.head = change(AdapterSites(configuration).head, .logits, head)
    return result
  }
}

extension Decoder: AdaptableModel {
  /// Whether the network has matrices that adapters can change.
  public var takesAdapters: Bool { adapted != nil }

  private func adaptable() throws(ModelError) -> AdaptedDecoder {
    guard let adapted else {
      throw .adapter(target: "adapter", problem: "models of '\(description.architecture)' take no adapters")
    }
    return adapted
  }

  /// The adapter with GGUF's names and order of rows.
  public func translated(_ adapter: LowRankAdapter) throws -> LowRankAdapter {
    try AdapterNames(configuration: adaptable().sites.configuration).translated(adapter)
  }

  /// The bytes that an adapter would take.
  public func bytes(of adapter: LowRankAdapter) throws -> Int {
    try AdapterSites.bytes(adaptable().sites.changes(of: adapter))
  }

  /// Makes an adapter ready for batches.
  public func load(_ adapter: LowRankAdapter, scale: Float) throws -> ModelAdapter {
    let sites = try adaptable().sites
    let changes = try sites.changes(of: adapter)
    return ModelAdapter(
      try sites.set(changes, of: adapter, scale: scale), bytes: AdapterSites.bytes(changes), owner: self)
  }
}
