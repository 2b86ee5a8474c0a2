import Formats
import Tensors
import Text

extension AlgoPerfWorkload {
  /// The eight small workloads, each some seconds on two processors.
  ///
  /// - Parameter folder: gives the folder of data of a name: `digits`, `breast-cancer`, `diabetes`, `bible-kjv`.
  public static func small(_ folder: @escaping @Sendable (String) throws -> String) -> [AlgoPerfWorkload] {
    let all: [WorkloadVariant] = [.activation, .width, .norm, .initial]
    func table(
      _ name: String, _ metric: String, rises: Bool, steps: Int, input: [Int], convolutions: [Int] = [], hidden: [Int],
      classes: Int?, _ read: @escaping @Sendable () throws -> NumberTable
    ) -> AlgoPerfWorkload {
      AlgoPerfWorkload(name, metric: metric, rises: rises, stepHint: steps, variants: all) { variant, seed, context in
        let parts = try read().split([0.6, 0.2], seed: 76)
        let rows = parts.map { part in (0..<part.count).map { part.element(at: $0, epoch: 0) } }
        let model = TableNetwork(
          input: input, convolutions: convolutions, hidden: hidden, classes: classes, variant: variant, seed: seed,
          context: context)
        return ModelTask(model, (rows[0], rows[1], rows[2]), metric: metric, context: context) {
          TableNetwork.batch($0, context)
        }
      }
    }
    @Sendable func digits() throws -> NumberTable {
      try KnownTable.digits.read(folder: folder("digits")).scaled(by: 1.0 / 16)
    }
    @Sendable func standard(_ known: KnownTable) throws -> NumberTable {
      let table = try known.read(folder: folder(known.rawValue))
      return table.standardized(by: try table.split([0.6], seed: 76)[0])
    }
    return [
      table(
        "digits-mlp", "accuracy", rises: true, steps: 400, input: [64], hidden: [128, 128], classes: 10, digits),
      table(
        "digits-cnn", "accuracy", rises: true, steps: 300, input: [1, 8, 8], convolutions: [16, 32], hidden: [64],
        classes: 10, digits),
      table("breast-cancer-mlp", "loss", rises: false, steps: 200, input: [30], hidden: [64, 64], classes: 2) {
        try standard(.breastCancer)
      },
      table("diabetes-regression", "loss", rises: false, steps: 300, input: [10], hidden: [64, 64], classes: nil) {
        try standard(.diabetes).standardizedTargets()
      },
      table(
        "mnist1d-convnet", "accuracy", rises: true, steps: 500, input: [1, 1, 40], convolutions: [16, 32, 32],
        hidden: [64], classes: 10
      ) {
        var curves = MNIST1D()
        curves.samples = 3000
        return try curves.table(seed: 76)
      },
      AlgoPerfWorkload("bible-lm", metric: "loss", rises: false, stepHint: 300, variants: [.activation, .width, .norm])
      {
        variant, seed, context in
        try text(at: folder("bible-kjv") + "/bible-kjv.txt", variant, seed, context)
      },
      AlgoPerfWorkload("molecules", metric: "accuracy", rises: true, stepHint: 300, variants: all) {
        variant, seed, context in
        func part(_ range: Range<Int>) -> [Molecule] { range.map { Molecule.made($0, seed: 76) } }
        return ModelTask(
          MoleculeNetwork(variant: variant, seed: seed, context: context),
          (part(0..<1200), part(1200..<1600), part(1600..<2000)), metric: "accuracy", context: context
        ) { MoleculeNetwork.Batch($0) }
      },
      AlgoPerfWorkload(
        "reversal", metric: "accuracy", rises: true, stepHint: 400, variants: [.activation, .width, .norm]
      ) { variant, seed, context in
        try reversal(variant, seed, context)
      },
    ]
  }

  /// A small transformer; as variants another function, half the width, another norm.
  private static func transformer(
    _ vocabulary: Int, _ length: Int, _ variant: WorkloadVariant?, _ seed: UInt64, _ context: Context
  ) throws -> GPT {
    try GPT(
      GPTConfiguration(
        vocabulary: vocabulary, length: length, layers: 2, width: variant == .width ? 32 : 64, heads: 4,
        feedForward: .plain(variant == .activation ? .relu : .gelu), norm: variant == .norm ? .rms : .layer),
      seed: seed,
      context: context)
  }

  /// Bytes of a text that come next, in rows of 64.
  private static func text(
    at path: String, _ variant: WorkloadVariant?, _ seed: UInt64, _ context: Context
  ) throws -> any AlgoPerfTask {
    let length = 64
    let storage = try Storage(mapping: path)
    let bytes = try storage.reading { Array(storage.bytes.prefix(600_000)) }
    let rows = stride(from: 0, to: bytes.count - length, by: length).map { start in
      TokenSequence(
        inputs: bytes[start..<start + length].map { TokenID($0) },
        targets: bytes[start + 1...start + length].map { TokenID($0) }, sequenceStarts: [0])
    }
    guard rows.count >= 400 else {
      throw DataError.mismatch(field: path, found: "\(bytes.count) bytes", expected: "a text of 26 000 or more")
    }
    let end = rows.count * 8 / 10
    let model = try transformer(256, length, variant, seed, context)
    return ModelTask(
      model, (Array(rows[..<end]), Array(rows[end..<end + 40]), Array(rows[end + 40..<end + 80])), metric: "loss",
      context: context
    ) { try TokenBatch($0) }
  }

  /// Eight letters, a mark, and the letters from behind, which are to be foretold.
  private static func reversal(
    _ variant: WorkloadVariant?, _ seed: UInt64, _ context: Context
  ) throws -> any AlgoPerfTask {
    let (letters, size) = (12, 8)
    let rows = (0..<3000).map { number -> TokenSequence in
      var random = Random(seed: 76, stream: UInt64(number) << 8 | DataStream.synthesis.rawValue)
      let word = (0..<size).map { _ in TokenID(random.uniform() * Double(letters)) }
      let all = word + [TokenID(letters)] + word.reversed()
      let targets = (0..<all.count - 1).map { $0 < size ? TokenSequence.ignored : all[$0 + 1] }
      return TokenSequence(inputs: Array(all.dropLast()), targets: targets, sequenceStarts: [0])
    }
    let model = try transformer(letters + 1, 2 * size, variant, seed, context)
    return ModelTask(
      model, (Array(rows[..<2400]), Array(rows[2400..<2700]), Array(rows[2700...])), metric: "accuracy",
      context: context
    ) { try TokenBatch($0) }
  }
}

extension NumberTable {
  /// Targets of mean 0 and deviation 1.
  func standardizedTargets() throws(DataError) -> NumberTable {
    let mean = targets.reduce(0, +) / Double(max(1, count))
    let deviation = (targets.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, count))).squareRoot()
    return try NumberTable(
      columns: columns, values: values, targets: targets.map { ($0 - mean) / (deviation > 0 ? deviation : 1) },
      classNames: [])
  }
}
