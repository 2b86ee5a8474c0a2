import Formats
import Layers
import NumericTypes
import Tensors

/// The weight matrices of a decoder that adapters can change, by number.
struct AdapterSites {
  /// A change of one of them: a part of a target's rows.
  struct Change {
    var site: Int
    var target: LowRankAdapter.Target
    var rows: Range<Int>
  }

  let configuration: DecoderConfiguration
  /// The sides of the matrices that there are.
  private(set) var shapes: [Int: (out: Int, in: Int)] = [:]

  private static let roles = LinearRole.allCases.count
  /// The numbers that matrices may have.
  var count: Int { configuration.layers * Self.roles + 1 }
  /// The output head's.
  var head: Int { configuration.layers * Self.roles }

  init(_ configuration: DecoderConfiguration) { self.configuration = configuration }

  static func number(_ layer: Int, _ role: LinearRole) -> Int { layer * roles + role.rawValue }

  /// Notes that there is a matrix.
  mutating func add(_ site: Int, _ core: any LinearCore) { shapes[site] = (core.outFeatures, core.inFeatures) }

  /// What an adapter changes.
  ///
  /// - Throws: ``ModelError/adapter(target:problem:)``, ``/Formats/FormatError``.
  func changes(of adapter: LowRankAdapter) throws -> [Change] {
    var seen: Set<Int> = []
    return try AdapterNames(configuration: configuration).translated(adapter).targets.flatMap { target in
      let places = try places(of: target)
      let outputs = places.reduce(0) { $0 + $1.out }
      guard outputs == target.outFeatures, places.allSatisfy({ $0.in == target.inFeatures }) else {
        throw ModelError.adapter(
          target: target.name,
          problem: "it changes a matrix of \(target.outFeatures)×\(target.inFeatures), the model's is "
            + "\(outputs)×\(places.first?.in ?? 0)")
      }
      var row = 0
      return try places.map { place in
        guard seen.insert(place.site).inserted else {
          throw ModelError.adapter(target: target.name, problem: "the adapter changes this matrix twice")
        }
        defer { row += place.out }
        return Change(site: place.site, target: target, rows: row..<row + place.out)
      }
    }
  }

  /// The matrices that lie one above the other in the one that a target names.
  private func places(of target: LowRankAdapter.Target) throws(ModelError) -> [(site: Int, out: Int, in: Int)] {
    var sites: [Int]
    if target.name == "output" {
      sites = [head]
    } else {
      let parts = target.name.split(separator: ".")
      guard parts.count == 3, parts[0] == "blk", let layer = Int(parts[1]), (0..<configuration.layers).contains(layer)
      else {
        throw .adapter(target: target.name, problem: "the model has no such matrix that an adapter can change")
      }
      let roles: [LinearRole] =
        switch parts[2] {
        case "attn_q": [.query]
        case "attn_k": [.key]
        case "attn_v": [.value]
        case "attn_qkv": [.query, .key, .value]
        case "attn_output": [.output]
        case "ffn_gate": [.gate]
        case "ffn_up": if case .gatedTogether = configuration.mlp { [.gate, .up] } else { [.up] }
        case "ffn_down": [.down]
        default: []
        }
      sites = roles.map { Self.number(layer, $0) }
    }
    let found = sites.compactMap { site in shapes[site].map { (site: site, out: $0.out, in: $0.in) } }
    guard !found.isEmpty, found.count == sites.count else {
      throw .adapter(target: target.name, problem: "the model has no such matrix that an adapter can change")
    }
    return found
  }

  /// The bytes that changes take.
  static func bytes(_ changes: [Change]) -> Int {
    changes.reduce(0) { $0.addingClamped(bytes($1)) }
  }

  private static func bytes(_ change: Change) -> Int {
    let target = change.target
    let bytes = LowRankMatrix.bytes(
      rank: target.rank, inFeatures: target.inFeatures, outFeatures: change.rows.count, dtype: target.dtype)
    return bytes.addingClamped(63) / 64 * 64
  }

  /// The changes laid out for the kernels.
  ///
  /// - Throws: ``/Tensors/TensorError/outOfMemory(bytes:)``.
  func set(_ changes: [Change], of adapter: LowRankAdapter, scale: Float) throws -> LowRankSet {
    let storage = try Storage(byteCount: Self.bytes(changes), allocator: Allocator(cacheLimit: 0))
    var sites = [LowRankMatrix?](repeating: nil, count: count)
    var offset = 0
    for change in changes {
      let target = change.target
      let values = target.b[change.rows.lowerBound * target.rank..<change.rows.upperBound * target.rank]
      sites[change.site] = LowRankMatrix(
        a: target.a, b: Array(values), scale: adapter.scale(of: target) * scale, rank: target.rank,
        dtype: target.dtype, in: storage, at: offset)
      offset += Self.bytes(change)
    }
    return LowRankSet(sites)
  }
}
