import NumericTypes
import Tensors
import Training

extension FP4Training {
  /// Something to be learned: what a recipe and a seed come to.
  struct Task {
    /// Its name.
    let name: String
    /// Runs a recipe; the loss at the end, and the accuracy where there are classes.
    let run: (FP4Recipe?, UInt64, Context) throws -> (loss: Double, accuracy: Double?)
  }

  /// The four tasks, or those whose data are there; why the others are not.
  static func tasks(_ conditions: RunConditions, _ context: Context) -> (tasks: [Task], absent: [String]) {
    var tasks: [Task] = []
    var absent: [String] = []
    func add(_ name: String, _ make: () throws -> Task) {
      do { tasks.append(try make()) } catch { absent.append("\(name): \(error)") }
    }
    add("digits") { try digits(conditions, context) }
    add("diabetes") { try diabetes(conditions, context) }
    add("mnist1d") { try signals(conditions, context) }
    add("King James") { try text(conditions) }
    return (tasks, absent)
  }

  /// Trains and measures, four bits or f32.
  private static func learn<Model: TrainableModel>(
    _ model: Model, _ recipe: FP4Recipe?, _ batches: [Model.Batch], _ heldOut: [Model.Batch], _ run: LearningRun,
    _ context: Context
  ) throws -> (loss: Double, accuracy: Double?) {
    let measured: [String: Double]
    if let recipe {
      let rounded = try FP4Model(model, recipe)
      try run.train(rounded, batches, context)
      measured = try LearningRun.measure(rounded, heldOut, context)
    } else {
      try run.train(model, batches, context)
      measured = try LearningRun.measure(model, heldOut, context)
    }
    return (measured["loss"] ?? .nan, measured["accuracy"])
  }

  private static func classes(
    _ name: String, _ training: NumberTable, _ heldOut: NumberTable, hidden: [Int], batch: Int, steps: Int,
    _ context: Context
  ) throws -> Task {
    func batches(_ table: NumberTable) throws -> [ImageBatch] {
      let images = try table.labeledImages(allocator: context.allocator)
      let all = (0..<images.count).map { images.element(at: $0, epoch: 0) }
      return try stride(from: 0, to: all.count, by: batch).map { start in
        try ImageBatch(Array(all[start..<min(all.count, start + batch)]), allocator: context.allocator)
      }
    }
    let (learned, tested) = (try batches(training), try batches(heldOut))
    return Task(name: name) { recipe, seed, context in
      let model = try MLPClassifier(
        MLPConfiguration(inputs: training.columns, hidden: hidden, classes: 10, activation: .gelu), seed: seed,
        context: context)
      // The loss is that of all rows that were learned: of so few held-out ones it says more of luck.
      let run = LearningRun(steps: steps, rate: 3e-3, seed: seed)
      let rule = try recipe.map { try FP4Model(model, $0) }
      let all = learned + tested
      if let rule { try run.train(rule, learned, context) } else { try run.train(model, learned, context) }
      func measure(_ batches: [ImageBatch]) throws -> [String: Double] {
        if let rule { return try LearningRun.measure(rule, batches, context) }
        return try LearningRun.measure(model, batches, context)
      }
      return (try measure(all)["loss"] ?? .nan, try measure(tested)["accuracy"])
    }
  }

  private static func digits(_ conditions: RunConditions, _ context: Context) throws -> Task {
    let table = try KnownTable.digits.read(folder: PulledData.folder("digits"))
    let parts = try table.split([0.8], seed: 1)
    return try classes(
      "digits", parts[0].standardized(by: parts[0]), parts[1].standardized(by: parts[0]), hidden: [128, 128],
      batch: 64, steps: conditions.quick ? 150 : 500, context)
  }

  private static func signals(_ conditions: RunConditions, _ context: Context) throws -> Task {
    let parts = try MNIST1D().table(seed: 1).split([0.8], seed: 1)
    return try classes(
      "mnist1d", parts[0], parts[1], hidden: [128, 128], batch: 128, steps: conditions.quick ? 150 : 600, context)
  }

  private static func diabetes(_ conditions: RunConditions, _ context: Context) throws -> Task {
    let table = try KnownTable.diabetes.read(folder: PulledData.folder("diabetes"))
    let rows = table.standardized(by: table)
    let mean = rows.targets.reduce(0, +) / Double(rows.count)
    let deviation = (rows.targets.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows.count)).squareRoot()
    let batches = stride(from: 0, to: rows.count, by: 64).map { start in
      let range = start..<min(rows.count, start + 64)
      return RegressionBatch(
        rows: context.tensor(
          rows.values[range.lowerBound * rows.columns..<range.upperBound * rows.columns].map { Float($0) },
          [range.count, rows.columns]),
        targets: context.tensor(rows.targets[range].map { Float(($0 - mean) / deviation) }, [range.count, 1]))
    }
    let steps = conditions.quick ? 100 : 300
    return Task(name: "diabetes") { recipe, seed, context in
      try learn(
        RegressionModel(inputs: rows.columns, hidden: [64, 64], seed: seed, context), recipe, batches, batches,
        LearningRun(steps: steps, rate: 3e-3, seed: seed), context)
    }
  }

  private static func text(_ conditions: RunConditions) throws -> Task {
    let text = try ByteText(path: PulledData.kingJames())
    let length = conditions.quick ? 64 : 128
    let batches = try text.batches(conditions.quick ? 60 : 300, rows: 8, length: length, isHeldOut: false)
    let heldOut = try text.batches(8, rows: 8, length: length, isHeldOut: true)
    let (layers, width) = conditions.quick ? (2, 64) : (4, 128)
    return Task(name: "King James") { recipe, seed, context in
      let model = try GPT(
        GPTConfiguration(vocabulary: 256, length: length, layers: layers, width: width, heads: 4), seed: seed,
        context: context)
      return try learn(
        model, recipe, batches, heldOut, LearningRun(steps: conditions.quick ? 120 : 400, rate: 3e-3, seed: seed),
        context)
    }
  }
}
