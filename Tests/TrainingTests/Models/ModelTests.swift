import NumericTypes
import Tensors
import Testing
import Text
import Training
import VenturiTesting

@Suite("Models")
struct ModelTests {
  /// Trains twice with one thread and once with two.
  private func check<Model: TrainableModel>(
    _ name: String, steps: Int = 30, below part: Float = 0.5, batch: (Context) throws -> Model.Batch,
    _ make: (Context) throws -> Model
  ) throws {
    func train(_ threads: Int) throws -> (losses: [Float], weights: [[Float]]) {
      let context = Context(threads: threads)
      return try ModelTrial(model: make(context), batch: batch(context), context: context).train(steps: steps)
    }
    let (first, again, other) = (try train(1), try train(1), try train(2))
    #expect(first.losses.allSatisfy { $0.isFinite }, "\(name)")
    #expect(
      first.losses[steps - 1] < part * first.losses[0], "\(name): \(first.losses[0]) to \(first.losses[steps - 1])")
    for (run, what) in [(again, "again"), (other, "with two threads")] {
      #expect(run.losses.map(\.bitPattern) == first.losses.map(\.bitPattern), "\(name) \(what)")
      #expect(run.weights.map { $0.map(\.bitPattern) } == first.weights.map { $0.map(\.bitPattern) }, "\(name) \(what)")
    }
  }

  @Test("Training lowers the loss, to the same bits again and with two threads", arguments: [DType.f32, .bf16])
  func training(storage: DType) throws {
    try check("gpt", batch: { _ in try SampleModels.tokens() }) { try SampleModels.gpt($0, storage: storage) }
    try check("llama", batch: { _ in try SampleModels.tokens() }) { try SampleModels.llama($0, storage: storage) }
    try check("lstm", batch: { _ in try SampleModels.tokens() }) { try SampleModels.lstm($0, storage: storage) }
    try check("mlp", batch: { try SampleModels.images($0) }) { try SampleModels.mlp($0, storage: storage) }
    try check("resnet", batch: { try SampleModels.images($0) }) { try SampleModels.resNet($0, storage: storage) }
  }

  @Test("The loss in training and what is measured agree where nothing is random")
  func measures() throws {
    let context = Context(threads: 2)
    func check<Model: TrainableModel>(_ model: Model, _ batch: Model.Batch, count: Int) throws {
      let trial = ModelTrial(model: model, batch: batch, context: context)
      let measured = try model.measure(batch, trial.evaluation())
      let loss = try model.loss(of: batch, trial.evaluation()).floats[0]
      #expect(model.targetCount(of: batch) == count)
      #expect(measured.keys.sorted() == ["accuracy", "loss"])
      #expect(measured["loss"]?.count == count && measured["accuracy"]?.count == count)
      #expect(abs((measured["loss"]?.mean ?? .nan) - Double(loss)) <= 1e-5)
      #expect((0...1).contains(measured["accuracy"]?.mean ?? -1))
    }
    let (tokens, images) = (try SampleModels.tokens(), try SampleModels.images(context))
    try check(SampleModels.gpt(context), tokens, count: 35)
    try check(SampleModels.lstm(context), tokens, count: 35)
    try check(SampleModels.mlp(context), images, count: 8)
    try check(SampleModels.resNet(context), images, count: 8)
  }

  @Test("Sequences packed into one row have the logits that each has alone", arguments: [false, true])
  func packing(isRotary: Bool) throws {
    let context = Context(threads: 2)
    let model = try isRotary ? SampleModels.llama(context) : SampleModels.gpt(context)
    let tokens = (0..<12).map { TokenID(5 * $0 % 11) }
    func logits(_ inputs: [TokenID], _ starts: [Int]) throws -> [Float] {
      let row = TokenSequence(inputs: inputs, targets: inputs, sequenceStarts: starts)
      let batch = try TokenBatch([row])
      let pass = ModelTrial(model: model, batch: batch, context: context).evaluation()
      return try model.logits(batch, pass).floats
    }
    let packed = try logits(tokens, [0, 5])
    let apart = try logits(Array(tokens[..<5]), [0]) + logits(Array(tokens[5...]), [0])
    #expect(zip(packed, apart).allSatisfy { abs($0 - $1) <= 1e-5 } && packed.count == apart.count)
  }

  @Test("A batch that does not fit its model is refused with the field's name")
  func refusals() throws {
    let context = Context(threads: 1)
    func refused<Model: TrainableModel>(_ model: Model, _ batch: Model.Batch, _ field: String) {
      let trial = ModelTrial(model: model, batch: batch, context: context)
      for attempt in [
        { _ = try model.loss(of: batch, trial.evaluation()) },
        { _ = try model.measure(batch, trial.evaluation()) },
      ] as [() throws -> Void] {
        do {
          try attempt()
          Issue.record("\(field) was taken")
        } catch DataError.mismatch(let found, _, _) {
          #expect(found == field)
        } catch { Issue.record("\(error)") }
      }
    }
    func row(_ inputs: [TokenID], _ targets: [TokenID]) throws -> TokenBatch {
      try TokenBatch([TokenSequence(inputs: inputs, targets: targets, sequenceStarts: [0])])
    }
    let (gpt, lstm) = (try SampleModels.gpt(context), try SampleModels.lstm(context))
    refused(gpt, try row([1, 11], [1, 1]), "token 1")
    refused(gpt, try row([1, -1], [1, 1]), "token 1")
    refused(lstm, try row([1, 2], [11, 1]), "target 0")
    refused(lstm, try row([1, 2], [-2, 1]), "target 0")
    refused(gpt, try row([TokenID](repeating: 1, count: 13), [TokenID](repeating: 1, count: 13)), "tokens")
    refused(gpt, try TokenBatch([]), "tokens")
    let (mlp, resNet) = (try SampleModels.mlp(context), try SampleModels.resNet(context))
    refused(mlp, try SampleModels.images(context, side: 10), "images")
    let wide = LabeledImage(image: context.zeros([2, 8, 8]), label: 0)
    refused(resNet, try ImageBatch([wide], allocator: context.allocator), "images")
    let strange = LabeledImage(image: context.zeros([1, 8, 8]), label: 4)
    refused(resNet, try ImageBatch([strange], allocator: context.allocator), "label 0")
    refused(mlp, try ImageBatch([strange], allocator: context.allocator), "label 0")
  }

  @Test("A configuration out of range is refused with the field's name")
  func configurations() throws {
    func field(_ check: () throws -> Void) -> String? {
      do { try check() } catch DataError.invalidOption(let field, _, _) { return field } catch { return "\(error)" }
      return nil
    }
    func gpt(_ change: (inout GPTConfiguration) -> Void) -> String? {
      var configuration = GPTConfiguration(vocabulary: 65)
      change(&configuration)
      return field { try configuration.validate() }
    }
    #expect(gpt { _ in } == nil)
    #expect(gpt { $0.vocabulary = 0 } == "vocabulary")
    #expect(gpt { $0.layers = Int.max } == "layers")
    #expect(gpt { $0.width = -1 } == "width")
    #expect(gpt { ($0.heads, $0.kvHeads) = (5, 5) } == "heads")
    #expect(gpt { $0.kvHeads = 4 } == "kvHeads")
    #expect(gpt { $0.dropout = 1 } == "dropout")
    #expect(gpt { $0.dropout = .nan } == "dropout")
    #expect(gpt { $0.positions = .rotary(base: .infinity) } == "base")
    #expect(
      gpt {
        ($0.width, $0.heads, $0.kvHeads, $0.hidden) = (65536, 1, 1, 1 << 20)
      } == "the configuration")
    _ = GPTConfiguration(vocabulary: 1, width: Int.max)
    _ = GPTConfiguration.llama(vocabulary: 1, width: Int.max)
    #expect(field { try MLPConfiguration(hidden: [0]).validate() } == "hidden")
    #expect(field { try MLPConfiguration(inputs: 1 << 24, hidden: [1 << 20]).validate() } == "the configuration")
    #expect(field { try ResNetConfiguration(blocks: []).validate() } == "stages")
    #expect(
      field { try ResNetConfiguration(width: 4096, blocks: [1, 1, 1, 256, 256]).validate() } == "the configuration")
    #expect(field { try LSTMConfiguration(vocabulary: 5, hidden: 1 << 17).validate() } == "hidden")
  }

  @Test("Weights depend on the seed and their names, and stand in the storage asked for")
  func weights() throws {
    let context = Context(threads: 1)
    let (a, b) = (try SampleModels.gpt(context), try SampleModels.gpt(context))
    #expect(a.parameters.map(\.name) == b.parameters.map(\.name))
    #expect(a.parameters.map { $0.value.floats } == b.parameters.map { $0.value.floats })
    #expect(Set(a.parameters.map(\.name)).count == a.parameters.count)
    let narrow = try SampleModels.gpt(context, storage: .bf16)
    for (wide, stored) in zip(a.parameters, narrow.parameters) {
      #expect(stored.value.dtype == (wide.value.shape.rank > 1 ? .bf16 : .f32))
      #expect(
        context.cast(context.cast(wide.value, to: stored.value.dtype), to: .f32).floats
          == context.cast(stored.value, to: .f32).floats)
    }
  }

  @Test("What dropout drops differs from batch to batch and is the same for one")
  func dropout() throws {
    let context = Context(threads: 2)
    let (model, batch) = (try SampleModels.gpt(context, dropout: 0.3), try SampleModels.tokens())
    func loss(_ number: Int) throws -> Float {
      let pass = Pass(
        .training, weights: model.parameters.map(\.value), buffers: [], seed: 1, batch: number, context: context)
      return try model.loss(of: batch, pass).floats[0]
    }
    let losses = try [0, 1, 2, 0].map(loss)
    #expect(losses[0] == losses[3] && Set(losses).count == 3)
  }

  @Test("An image and its mirror image are judged alike where both are looked at") func mirrored() throws {
    let context = Context(threads: 1)
    var random = Random(seed: 4)
    let images = context.empty([6, 1, 7, 5])
    for index in 0..<images.count { images.pointer(as: Float.self)[index] = Float(random.uniform()) }
    let turned = context.copy(images)
    for row in 0..<42 {
      for x in 0..<5 {
        turned.pointer(as: Float.self)[row * 5 + x] = images.pointer(as: Float.self)[row * 5 + 4 - x]
      }
    }
    func loss(_ images: Tensor, _ mirrors: Bool) throws -> Double {
      var configuration = ResNetConfiguration(classes: 4, width: 4, blocks: [1, 2])
      configuration.judgesMirrored = mirrors
      let model = try ResNet18(configuration, seed: 3, context: context)
      let pass = Pass(
        .evaluation, weights: model.parameters.map(\.value), buffers: model.buffers.map(\.value), context: context)
      let batch = ImageBatch(images: images, labels: [0, 1, 2, 3, 0, 1])
      return try #require(try model.measure(batch, pass)["loss"]).mean
    }
    #expect(try loss(images, false) != loss(turned, false))
    #expect(try abs(loss(images, true) - loss(turned, true)) < 1e-6)
    #expect(try loss(images, true) != loss(images, false))
  }
}
