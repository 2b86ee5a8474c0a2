import Formats
import NumericTypes

// Operators of classical machine learning.
extension OperatorLibrary {
  private static let learning = "ai.onnx.ml"

  static let trees: [GraphOperator] = [
    GraphOperator.one("ArrayFeatureExtractor", domain: learning, 2...2) { _ in
      { call in
        let x = try call.tensor(0)
        guard let width = x.shape.last else { throw Refusal("features of \(x.shape)") }
        let positions = try call.positions(call.tensor(1), extent: width)
        let rows = x.count / max(width, 1)
        let places = (0..<rows).flatMap { row in positions.map { row * width + $0 } }
        return try call.pick(
          x, shape: x.rank == 1 ? [1, positions.count] : x.shape.dropLast() + [positions.count], places)
      }
    },
    GraphOperator.one("Binarizer", domain: learning, 1...1) { node in
      let threshold = Double(try node.float("threshold", 0))
      return { call in
        let x = try call.tensor(0)
        try x.expect("numbers", \.isNumber)
        return try call.make(x.type, x.shape, x.values(Double.self).map { $0 > threshold ? 1 : 0.0 })
      }
    },
    GraphOperator.one("LabelEncoder", domain: learning, 1...1) { node in
      let labels = try Labels(node)
      return { call in try labels.encode(call.tensor(0), call) }
    },
    GraphOperator.one("TreeEnsemble", domain: learning, 1...1) { node in
      let trees = try TreeEnsemble(node)
      return { call in
        let x = try call.tensor(0)
        guard x.rank == 2, x.type.isFloat else { throw Refusal("features \(x.type.name) \(x.shape)") }
        try call.reserve(bytesEach: 8, [x.shape[0], trees.targets])
        let values = x.values(Double.self)
        let width = x.shape[1]
        guard trees.features.allSatisfy({ $0 < width }) else { throw Refusal("\(width) features") }
        let scores = (0..<x.shape[0]).flatMap { trees.score(Array(values[$0 * width..<($0 + 1) * width])) }
        return try call.make(x.type, [x.shape[0], trees.targets], scores)
      }
    },
  ]
}

/// A table from one kind of label to another.
private struct Labels {
  private var texts: [String: Int] = [:]
  private var wholes: [Int64: Int] = [:]
  private var numbers: [Double: Int] = [:]
  /// What stands for a NaN key.
  private var notANumber: Int?
  /// The values, with the default as the last one.
  private let values: GraphTensor

  init(_ node: GraphNode) throws {
    let keys = try node.tensor("keys_tensor")
    let count: Int
    if let names = try keys?.strings ?? node.strings("keys_strings") {
      for (i, name) in names.enumerated() { texts[name] = i }
      count = names.count
    } else if let ints = try keys.flatMap({ $0.type.isInteger ? $0.values(Int64.self) : nil })
      ?? node.ints("keys_int64s")?.map({ Int64($0) })
    {
      for (i, key) in ints.enumerated() { wholes[key] = i }
      count = ints.count
    } else if let floats = try keys?.values(Double.self) ?? node.floats("keys_floats")?.map({ Double($0) }) {
      for (i, key) in floats.enumerated() { if key.isNaN { notANumber = i } else { numbers[key] = i } }
      count = floats.count
    } else {
      throw Refusal("no keys")
    }
    if let tensor = try node.tensor("values_tensor") {
      guard let other = try node.tensor("default_tensor"), other.type == tensor.type, other.count == 1,
        tensor.count == count, tensor.type != .string
      else { throw Refusal("\(count) keys for \(tensor.count) values") }
      let numbers =
        tensor.type.lane == .signed ? tensor.values(Int64.self).map { Double($0) } : tensor.values(Double.self)
      values = try Self.store(tensor.type, numbers + other.values(Double.self), node)
    } else if let names = try node.strings("values_strings") {
      guard names.count == count else { throw Refusal("\(count) keys for \(names.count) values") }
      values = GraphTensor(strings: names + [try node.string("default_string", "_Unused")], shape: [count + 1])
    } else if let ints = try node.ints("values_int64s") {
      guard ints.count == count else { throw Refusal("\(count) keys for \(ints.count) values") }
      values = try Self.store(.int64, (ints + [Int(try node.int("default_int64", -1))]).map { Double($0) }, node)
    } else if let floats = try node.floats("values_floats") {
      guard floats.count == count else { throw Refusal("\(count) keys for \(floats.count) values") }
      values = try Self.store(.float32, (floats + [try node.float("default_float", -0.0)]).map { Double($0) }, node)
    } else {
      throw Refusal("no values")
    }
  }

  /// A list of numbers, by way of the loader that attributes go through.
  private static func store(_ type: ONNXElementType, _ values: [Double], _ node: GraphNode) throws -> GraphTensor {
    var bytes = [UInt8](repeating: 0, count: values.count * type.storedBytes)
    bytes.withUnsafeMutableBytes { target in
      values.withUnsafeBufferPointer { source in
        if let from = source.baseAddress, let to = target.baseAddress {
          Lanes.store(type, from, count: source.count, to: to)
        }
      }
    }
    return try node.load(
      ONNXTensor(name: "", type: type, shape: [values.count], data: .raw(ByteView(copying: bytes)), offset: 0))
  }

  func encode(_ x: GraphTensor, _ call: GraphCall) throws -> GraphTensor {
    let last = values.count - 1
    let places: [Int]
    if let strings = x.strings {
      places = strings.map { texts[$0] ?? last }
    } else if x.type.isInteger {
      places = x.values(Int64.self).map { wholes[$0] ?? last }
    } else {
      places = x.values(Double.self).map { ($0.isNaN ? notANumber : numbers[$0]) ?? last }
    }
    return try call.pick(values, shape: x.shape, places)
  }
}

/// Decision trees whose leaves add up.
private struct TreeEnsemble {
  private enum Test: Int { case lessOrEqual, less, greaterOrEqual, greater, equal, notEqual, member }

  private let tests: [Test]
  private let splits: [Double]
  let features: [Int]
  private var yes: [(node: Int, isLeaf: Bool)] = []
  private var no: [(node: Int, isLeaf: Bool)] = []
  private var members: [Set<Double>] = []
  private let prefersYesWhenMissing: [Bool]
  private let leafTargets: [Int]
  private let leafWeights: [Double]
  private let roots: [Int]
  private let aggregate: Int64
  private let transform: Int64
  let targets: Int

  init(_ node: GraphNode) throws {
    targets = Int(try node.int("n_targets", 0))
    aggregate = try node.int("aggregate_function", 1)
    transform = try node.int("post_transform", 0)
    roots = try node.ints("tree_roots") ?? []
    features = try node.ints("nodes_featureids") ?? []
    splits = try node.tensor("nodes_splits")?.values(Double.self) ?? []
    leafTargets = try node.ints("leaf_targetids") ?? []
    leafWeights = try node.tensor("leaf_weights")?.values(Double.self) ?? []
    let count = splits.count
    tests = try (node.tensor("nodes_modes")?.values(Int64.self) ?? []).map { code in
      guard let test = Test(rawValue: Int(code)) else { throw Refusal("a test of kind \(code)") }
      return test
    }
    let (yesNodes, noNodes) = (try node.ints("nodes_truenodeids") ?? [], try node.ints("nodes_falsenodeids") ?? [])
    let (yesLeaves, noLeaves) = (try node.ints("nodes_trueleafs") ?? [], try node.ints("nodes_falseleafs") ?? [])
    prefersYesWhenMissing =
      try node.ints("nodes_missing_value_tracks_true")?.map { $0 != 0 } ?? [Bool](repeating: false, count: count)
    let leaves = leafTargets.count
    guard targets > 0, targets <= 1 << 24, count > 0, tests.count == count, features.count == count,
      yesNodes.count == count,
      noNodes.count == count, yesLeaves.count == count, noLeaves.count == count, prefersYesWhenMissing.count == count,
      leafWeights.count == leaves, leafTargets.allSatisfy({ (0..<targets).contains($0) }),
      features.allSatisfy({ $0 >= 0 }), roots.allSatisfy({ (0..<count).contains($0) }), (0...3).contains(aggregate),
      transform == 0
    else { throw Refusal("trees of \(count) nodes, \(leaves) leaves, \(targets) targets") }
    let (onYes, onNo) = (
      zip(yesNodes, yesLeaves).map { (node: $0, isLeaf: $1 != 0) },
      zip(noNodes, noLeaves).map { (node: $0, isLeaf: $1 != 0) }
    )
    // Children come after their parents, so that no way down is endless.
    for (parent, children) in zip(onYes, onNo).enumerated() {
      for child in [children.0, children.1] {
        let leads = child.isLeaf ? (0..<leaves).contains(child.node) : child.node > parent && child.node < count
        guard leads else { throw Refusal("node \(parent) leads to \(child.node)") }
      }
    }
    (yes, no) = (onYes, onNo)
    let values = try node.tensor("membership_values")?.values(Double.self) ?? []
    var sets: [Set<Double>] = [[]]
    for value in values { if value.isNaN { sets.append([]) } else { sets[sets.count - 1].insert(value) } }
    var next = 0
    members = tests.map { test in
      guard test == .member else { return [] }
      defer { next += 1 }
      return next < sets.count ? sets[next] : []
    }
  }

  func score(_ row: [Double]) -> [Double] {
    var found = [[Double]](repeating: [], count: targets)
    for root in roots {
      var place = (node: root, isLeaf: false)
      while !place.isLeaf {
        let value = row[features[place.node]]
        place = holds(place.node, value) ? yes[place.node] : no[place.node]
      }
      found[leafTargets[place.node]].append(leafWeights[place.node])
    }
    return found.map { weights in
      switch aggregate {
      case 0: weights.reduce(0, +) / Double(max(roots.count, 1))
      case 2: weights.min() ?? 0
      case 3: weights.max() ?? 0
      default: weights.reduce(0, +)
      }
    }
  }

  private func holds(_ node: Int, _ value: Double) -> Bool {
    if value.isNaN { return prefersYesWhenMissing[node] }
    switch tests[node] {
    case .lessOrEqual: return value <= splits[node]
    case .less: return value < splits[node]
    case .greaterOrEqual: return value >= splits[node]
    case .greater: return value > splits[node]
    case .equal: return value == splits[node]
    case .notEqual: return value != splits[node]
    case .member: return members[node].contains(value)
    }
  }
}
