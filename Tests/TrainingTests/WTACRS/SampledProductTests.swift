import Formats
import NumericTypes
import Tensors
import Testing
import Training

/// A layer and whole models under sampling.
@Suite struct SampledProductTests {
  /// A dense layer alone, its input a parameter too.
  struct Layer {
    let layer: DenseLayer
    let parameters: [Parameter]
    let x: Tensor
    let context: Context

    init(rows: Int, inputs: Int = 5, outputs: Int = 4, threads: Int = 1) {
      context = Context(threads: threads)
      var builder = ModelBuilder(context: context, seed: 4)
      layer = builder.within("dense") { DenseLayer(&$0, from: inputs, to: outputs) }
      parameters = builder.parameters
      var random = Random(seed: 9)
      x = context.normal([rows, inputs], random: &random)
    }

    /// The gradients of x, W and b of Σ sin(y) · row weight.
    func gradients(_ rule: SampledProducts?, batch: Int = 0) -> [[Float]] {
      let found = context.gradient(of: [x] + parameters.map(\.value)) { inputs in
        let pass = Pass(.training, weights: Array(inputs[1...]), buffers: [], batch: batch, context: context)
        pass.products = rule
        let y = layer(inputs[0], pass)
        let scale = context.arange(y.shape[0], start: 0.25, step: 0.5).reshaped([y.shape[0], 1])
        return context.sum(context.multiply(context.sin(y), scale))
      }
      return found.map { floats($0, context) }
    }

    func rule(_ options: WTACRSOptions, samples: Int = 0) throws -> SampledProducts {
      try SampledProducts(parameters, options, samples: samples, rowsPerSample: 1, context: context)
    }
  }

  static func floats(_ x: Tensor, _ context: Context) -> [Float] {
    let plain = context.contiguous(x)
    return withExtendedLifetime(plain) {
      Array(UnsafeBufferPointer(start: plain.pointer(as: Float.self), count: plain.count))
    }
  }

  @Test func otherGradientsAreTheExactOnes() throws {
    let layer = Layer(rows: 40)
    let exact = layer.gradients(nil)
    let sampled = layer.gradients(try layer.rule(WTACRSOptions(ratio: 0.3, cache: .none)))
    #expect(sampled[0] == exact[0], "that of the input")
    #expect(sampled[2] == exact[2], "that of the bias")
    #expect(sampled[1] != exact[1])
    let whole = layer.gradients(try layer.rule(WTACRSOptions(ratio: 1, cache: .none)))
    #expect(whole == exact, "all rows kept")
  }

  @Test func theMeanOfManyBatchesIsTheExactGradient() throws {
    let layer = Layer(rows: 32)
    let exact = layer.gradients(nil)[1]
    let rule = try layer.rule(WTACRSOptions(ratio: 0.25, leavesTail: false, cache: .none))
    let draws = 3000
    var (sum, squares) = ([Double](repeating: 0, count: exact.count), [Double](repeating: 0, count: exact.count))
    for batch in 0..<draws {
      for (index, value) in layer.gradients(rule, batch: batch)[1].enumerated() {
        sum[index] += Double(value)
        squares[index] += Double(value) * Double(value)
      }
    }
    for index in exact.indices {
      let mean = sum[index] / Double(draws)
      let error = ((squares[index] / Double(draws) - mean * mean) / Double(draws)).squareRoot()
      #expect(abs(mean - Double(exact[index])) < 4.5 * error + 1e-5, "element \(index)")
    }
  }

  @Test func whatIsKeptIsCountedToTheByte() throws {
    for (storage, size) in [(DType.f32, 4), (.bf16, 2)] {
      let layer = Layer(rows: 50, inputs: 7)
      let rule = try layer.rule(WTACRSOptions(ratio: 0.3, cache: .none, storage: storage))
      _ = layer.gradients(rule)
      let figures = rule.figures(ofRun: false)
      #expect(figures.layers.map(\.name) == ["dense.weight"])
      #expect(figures.keptBytes == Double(15 * 7 * size + 15 * 4))
      #expect(figures.wholeBytes == Double(50 * 7 * 4))
    }
  }

  @Test func oneRowAndRowsOfNothingAreFinite() throws {
    let one = Layer(rows: 1)
    #expect(one.gradients(try one.rule(WTACRSOptions(ratio: 0.3, cache: .none))) == one.gradients(nil))
    let layer = Layer(rows: 12)
    let values = layer.x.pointer(as: Float.self)
    for index in 0..<layer.x.count { values[index] = 0 }
    let found = layer.gradients(try layer.rule(WTACRSOptions(ratio: 0.3, cache: .none)))
    #expect(found.allSatisfy { $0.allSatisfy(\.isFinite) })
    #expect(found[1].allSatisfy { $0 == 0 })
  }

  @Test func settingsAreChecked() throws {
    let layer = Layer(rows: 3)
    var wrong: [WTACRSOptions] = [
      WTACRSOptions(ratio: 0), WTACRSOptions(ratio: 1.5), WTACRSOptions(ratio: .nan), WTACRSOptions(least: 0),
      WTACRSOptions(floor: -1), WTACRSOptions(storage: .f16), WTACRSOptions(estimator: .certain(-1)),
    ]
    wrong.append(WTACRSOptions(ratio: -0.1))
    for options in wrong {
      #expect(throws: DataError.self, "\(options)") { try layer.rule(options, samples: 1) }
    }
    #expect(throws: DataError.self) { try layer.rule(WTACRSOptions(), samples: 1 << 40) }
  }

  // MARK: Models

  static func gpt(_ context: Context, llama: Bool = false) throws -> GPT {
    let configuration =
      llama
      ? GPTConfiguration.llama(vocabulary: 20, length: 16, layers: 2, width: 16, heads: 2, hidden: 32)
      : GPTConfiguration(vocabulary: 20, length: 16, layers: 2, width: 16, heads: 2, hidden: 32)
    return try GPT(configuration, seed: 1, context: context)
  }

  static func batch(_ rows: [Int]) throws -> TokenBatch {
    try TokenBatch(
      rows.map { row in
        let tokens = (0...16).map { Int32(truncatingIfNeeded: (row * 31 + $0 * ($0 + row) + 3) % 20) }
        return TokenSequence(inputs: Array(tokens.dropLast()), targets: Array(tokens.dropFirst()), sequenceStarts: [0])
      })
  }

  static func gradients<Model: TrainableModel>(
    _ model: Model, _ batch: Model.Batch, number: Int = 0, _ context: Context
  ) throws -> [[Float]] {
    try context.gradient(of: model.parameters.map(\.value)) { weights in
      try model.loss(
        of: batch, Pass(.training, weights: weights, buffers: [], batch: number, context: context))
    }.map { floats($0, context) }
  }

  @Test func layersOverOneInputKeepItOnce() throws {
    let context = Context(threads: 1)
    let model = try SampledModel(
      Self.gpt(context, llama: true), WTACRSOptions(), samples: 8, rowsPerSample: 16, context: context)
    _ = try Self.gradients(model, Self.batch([1, 2, 3]), context)
    let figures = model.rule.figures(ofRun: false)
    #expect(figures.layers.count == 10)
    for name in ["layers.0.mlp.gate.weight", "layers.0.mlp.down.weight", "layers.1.attention.qkv.weight"] {
      #expect((figures.layers.first { $0.name == name }?.keptBytes ?? 0) > 0, "\(name)")
    }
    for layer in figures.layers where layer.name.contains("up") { #expect(layer.keptBytes == 0, "\(layer.name)") }
  }

  @Test func normsAreFoundAgainInAnotherOrder() throws {
    let context = Context(threads: 1)
    // All but the order is the same: the rows of each sample are then chosen by the same weights.
    func chosen(_ first: [Int], _ second: [Int]) throws -> [Float] {
      let model = try SampledModel(
        Self.gpt(context), WTACRSOptions(ratio: 0.5, estimator: .heaviest), samples: 8, rowsPerSample: 16,
        context: context)
      _ = try Self.gradients(model, Self.batch(first), context)
      let index = model.parameters.firstIndex { $0.name == "layers.1.mlp.up.weight" } ?? 0
      return try Self.gradients(model, Self.batch(second), number: 1, context)[index]
    }
    let same = try chosen([1, 2, 3, 4], [1, 2, 3, 4])
    let shuffled = try chosen([3, 1, 4, 2], [1, 2, 3, 4])
    let others = try chosen([5, 6, 7, 8], [1, 2, 3, 4])
    #expect(zip(same, shuffled).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(zip(same, others).contains { abs($0 - $1) > 1e-6 })
  }

  @Test func paddingIsNotChosen() throws {
    let context = Context(threads: 1)
    let ignored = TokenSequence.ignored
    func row(_ shift: Int32, _ counted: Int) -> TokenSequence {
      TokenSequence(
        inputs: (0..<16).map { ($0 + shift) % 20 },
        targets: (0..<16).map { $0 < counted ? Int32($0 + 1) : ignored }, sequenceStarts: [0, counted])
    }
    let batch = try TokenBatch([row(0, 3), row(5, 5)])
    #expect(batch.learningRows?.enumerated().filter(\.element).map(\.offset) == [0, 1, 2, 16, 17, 18, 19, 20])
    // Eight of 32 rows learn and as many are kept: the estimate is exact where no other can be chosen.
    let model = try Self.gpt(context)
    let sampled = try SampledModel(
      model, WTACRSOptions(ratio: 0.25, estimator: .heaviest), samples: 2, rowsPerSample: 16, context: context)
    let exact = try Self.gradients(model, batch, context)
    for (a, b) in zip(exact, try Self.gradients(sampled, batch, context)) {
      #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 })
    }
  }

  @Test(arguments: [WTACRSOptions.NormCache.rows, .samples, .none])
  func threadsDoNotMatter(_ cache: WTACRSOptions.NormCache) throws {
    let found = try [1, 2].map { threads in
      let context = Context(threads: threads)
      let model = try SampledModel(
        Self.gpt(context), WTACRSOptions(cache: cache), samples: 4, rowsPerSample: 16, context: context)
      return try (0..<3).map { try Self.gradients(model, Self.batch([1, 2, 3]), number: $0, context) }
    }
    #expect(found[0] == found[1])
    #expect(found[0][0] != found[0][1], "another batch draws other rows")
  }

  @Test func theFirstLayersInputIsGivenBack() throws {
    let context = Context(threads: 1)
    func peak(_ ratio: Double) throws -> Int {
      let model = try MLPClassifier(
        MLPConfiguration(inputs: 256, hidden: [256, 256, 256], classes: 4, activation: .gelu), seed: 1,
        context: context)
      let sampled = try SampledModel(
        model, WTACRSOptions(ratio: ratio, cache: .none), samples: 0, rowsPerSample: 1, context: context)
      var random = Random(seed: 1)
      let images = (0..<2048).map { index in
        LabeledImage(image: context.uniform([1, 1, 256], random: &random), label: index % 4)
      }
      let batch = try ImageBatch(images, allocator: context.allocator)
      let before = context.allocator.liveBytes
      context.allocator.resetPeak()
      _ = try Self.gradients(sampled, batch, context)
      return context.allocator.peakLiveBytes - before
    }
    // Inputs of the two layers behind a GELU are 4 MB; what GELU itself keeps stays.
    let (exact, sampled) = (try peak(1), try peak(0.1))
    #expect(Double(exact - sampled) > 2 * 0.8 * 2048 * 256 * 4, "\(exact) and \(sampled)")
  }
}

private func floats(_ x: Tensor, _ context: Context) -> [Float] { SampledProductTests.floats(x, context) }
