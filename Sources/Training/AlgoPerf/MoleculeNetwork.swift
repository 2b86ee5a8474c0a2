import NumericTypes
import Tensors

/// Small made-up molecules: atoms of four kinds in a tree with perhaps a ring, and whether a carbon is bound to two oxygens.
struct Molecule: Sendable {
  /// Carbon, oxygen, nitrogen, sulphur: 0 to 3.
  var atoms: [Int]
  /// Pairs of bound atoms.
  var bonds: [(Int, Int)]
  /// Whether a carbon is bound to two oxygens or more.
  var hasGroup: Bool

  /// A molecule of a number, half of them with the group.
  static func made(_ number: Int, seed: UInt64) -> Molecule {
    var random = Random(seed: seed, stream: UInt64(number) << 8 | DataStream.synthesis.rawValue)
    while true {
      let count = 6 + Int(random.uniform() * 11)
      let atoms = (0..<count).map { _ -> Int in
        let place = random.uniform()
        return place < 0.55 ? 0 : place < 0.8 ? 1 : place < 0.9 ? 2 : 3
      }
      var bonds = (1..<count).map { (Int(random.uniform() * Double($0)), $0) }
      let (a, b) = (Int(random.uniform() * Double(count)), Int(random.uniform() * Double(count)))
      if abs(a - b) > 1, !bonds.contains(where: { $0 == (min(a, b), max(a, b)) }) {
        bonds.append((min(a, b), max(a, b)))
      }
      let oxygens = (0..<count).map { atom in
        bonds.count { ($0.0 == atom && atoms[$0.1] == 1) || ($0.1 == atom && atoms[$0.0] == 1) }
      }
      let found = Molecule(
        atoms: atoms, bonds: bonds, hasGroup: (0..<count).contains { atoms[$0] == 0 && oxygens[$0] > 1 })
      if found.hasGroup == number.isMultiple(of: 2) { return found }
    }
  }
}

/// Graph classification: atoms' vectors plus the sums of their neighbours', twice, then the sum over a molecule (Xu et al.: How
/// powerful are graph neural networks?, 2019).
struct MoleculeNetwork: TrainableModel {
  /// Molecules one behind the other.
  struct Batch: Sendable {
    let atoms: [Int]
    /// Each bond in both directions.
    let from, to: [Int]
    /// The molecule of each atom.
    let molecule: [Int]
    let labels: [Int]

    init(_ molecules: [Molecule]) {
      var (atoms, from, to, molecule): ([Int], [Int], [Int], [Int]) = ([], [], [], [])
      for (number, item) in molecules.enumerated() {
        for (a, b) in item.bonds {
          from += [atoms.count + a, atoms.count + b]
          to += [atoms.count + b, atoms.count + a]
        }
        atoms += item.atoms
        molecule += item.atoms.map { _ in number }
      }
      (self.atoms, self.from, self.to, self.molecule) = (atoms, from, to, molecule)
      labels = molecules.map { $0.hasGroup ? 1 : 0 }
    }
  }

  let parameters: [Parameter]
  let buffers: [Parameter]
  private let embedding: EmbeddingLayer
  private let layers: [(own: DenseLayer, sum: DenseLayer, norm: LayerNormLayer?)]
  private let head: DenseLayer
  private let activation: Activation

  init(width: Int = 32, variant: WorkloadVariant?, seed: UInt64, context: Context) {
    let width = variant == .width ? width / 2 : width
    activation = variant == .activation ? .tanh : .relu
    var builder = ModelBuilder(context: context, seed: seed)
    embedding = builder.within("embedding") { EmbeddingLayer(&$0, count: 4, width: width) }
    layers = (0..<2).map { index in
      builder.within("layers.\(index)") { builder in
        (
          builder.within("own") { DenseLayer(&$0, from: width, to: width) },
          builder.within("sum") { DenseLayer(&$0, from: width, to: width, hasBias: false) },
          variant == .norm ? builder.within("norm") { LayerNormLayer(&$0, width: width) } : nil
        )
      }
    }
    head = builder.within("head") { DenseLayer(&$0, from: width, to: 2) }
    (parameters, buffers) = (builder.parameters, builder.buffers)
    if variant == .initial {
      for parameter in parameters where parameter.value.shape.rank > 1 { context.scale(parameter.value, by: 0.5) }
    }
  }

  private func scores(_ batch: Batch, _ pass: Pass) -> Tensor {
    let context = pass.context
    func indices(_ values: [Int]) -> Tensor {
      let tensor = context.empty([values.count], .i64)
      for (place, value) in values.enumerated() { tensor.pointer(as: Int64.self)[place] = Int64(value) }
      return tensor
    }
    let (from, to) = (indices(batch.from), indices(batch.to))
    var x = embedding(indices(batch.atoms), pass)
    for layer in layers {
      let neighbours = context.segmentSum(context.gather(x, from), to, count: batch.atoms.count)
      var y = context.add(layer.own(x, pass), layer.sum(neighbours, pass))
      if let norm = layer.norm { y = norm(y, pass) }
      x = activation(y, context)
    }
    return head(context.segmentSum(x, indices(batch.molecule), count: batch.labels.count), pass)
  }

  func loss(of batch: Batch, _ pass: Pass) throws -> Tensor {
    pass.context.crossEntropy(
      scores(batch, pass), try Classification.targets(batch.labels, classes: 2, pass.context))
  }

  func targetCount(of batch: Batch) -> Int { batch.labels.count }

  func measure(_ batch: Batch, _ pass: Pass) throws -> [String: MetricSum] {
    Classification.measure(
      scores(batch, pass), try Classification.targets(batch.labels, classes: 2, pass.context), pass.context)
  }
}
