import NumericTypes
import Tensors

/// A decoder-only transformer over token rows, its head tied to the embedding (Radford et al.: Language models are
/// unsupervised multitask learners, 2019).
///
/// Attention and places stay within a row's sequences, so that documents packed into one row do not see each other.
public struct GPT: TrainableModel {
  /// The sizes.
  public let configuration: GPTConfiguration
  /// The trained weights.
  public internal(set) var parameters: [Parameter]
  /// None.
  public let buffers: [Parameter]
  let embedding: EmbeddingLayer
  let blocks: [GPTBlock]
  private let places: EmbeddingLayer?
  private let dropout: DropoutLayer
  private let norm: NormLayer

  /// A model with fresh weights.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public init(
    _ configuration: GPTConfiguration, seed: UInt64, storage: DType = .f32, context: Context
  ) throws(DataError) {
    try configuration.validate()
    var builder = ModelBuilder(context: context, seed: seed, storage: storage)
    self.init(configuration, &builder)
  }

  /// A model whose weights a builder gives.
  ///
  /// - Precondition: the configuration is valid.
  init(_ configuration: GPTConfiguration, _ builder: inout ModelBuilder) {
    let c = configuration
    self.configuration = c
    let table = Initializer.normal(deviation: 0.02)
    embedding = builder.within("embedding") {
      EmbeddingLayer(&$0, count: c.vocabulary, width: c.width, weight: table)
    }
    places =
      c.positions == .learned
      ? builder.within("positions") { EmbeddingLayer(&$0, count: c.length, width: c.width, weight: table) } : nil
    dropout = DropoutLayer(&builder, rate: c.dropout)
    blocks = (0..<c.layers).map { index in builder.within("layers.\(index)") { GPTBlock(&$0, c, index: index) } }
    norm = builder.within("norm") { NormLayer(&$0, c.norm, width: c.width, epsilon: c.epsilon) }
    (parameters, buffers) = (builder.parameters, builder.buffers)
  }

  /// The stream behind the last norm, [B · N, width].
  private func stream(_ given: TokenRowsInput, _ pass: Pass) -> Tensor {
    let context = pass.context
    let width = configuration.width
    var (x, input) = (context.within("embedding") { embedding(given.inputs, pass) }, given)
    let prompt = pass.adapter?.prompt(pass)
    if let prompt {
      input = given.led(by: prompt.shape[0], context)
      let rows = x.reshaped([given.rows, given.length, width])
      x = context.concatenate([prompt.broadcast(to: [given.rows, prompt.shape[0], width]), rows], axis: 1)
        .reshaped([input.rows * input.length, width])
    }
    if let places { x = context.within("embedding") { context.add(x, places(input.positions, pass)) } }
    x = context.within("embedding") { dropout(x, pass) }
    let standing = input.places
    var side = pass.adapter?.side(nil, beside: x, after: 0, standing, pass)
    for block in blocks {
      x =
        pass.execution.recomputesBlocks
        ? context.checkpoint([x]) { block($0[0], standing, pass) } : block(x, standing, pass)
      side = pass.adapter?.side(side, beside: x, after: block.index + 1, standing, pass)
    }
    if let side { x = pass.adapter?.joined(x, side, pass) ?? x }
    if let prompt {
      // What stands above the prompt predicts nothing.
      x = context.contiguous(
        x.reshaped([input.rows, input.length, width]).sliced(axis: 1, prompt.shape[0]..<input.length)
      ).reshaped([given.rows * given.length, width])
    }
    return context.within("norm") { norm(x, pass) }
  }

  private func input(_ batch: TokenBatch, _ pass: Pass) throws(DataError) -> TokenRowsInput {
    try TokenRowsInput(
      batch, vocabulary: configuration.vocabulary, length: configuration.length - (pass.adapter?.promptCount ?? 0),
      pass.context)
  }

  private var head: LanguageHead { LanguageHead(weight: embedding.weight) }

  /// The logits of every token, [B · N, vocabulary].
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  public func logits(_ batch: TokenBatch, _ pass: Pass) throws(DataError) -> Tensor {
    let input = try input(batch, pass)
    let x = stream(input, pass)
    return pass.context.within("head") { pass.context.matmul(x, pass[embedding.weight].transposed()) }
  }

  /// The mean cross-entropy over the tokens that are predicted.
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  public func loss(of batch: TokenBatch, _ pass: Pass) throws -> Tensor {
    let input = try input(batch, pass)
    let x = stream(input, pass)
    return pass.context.within("head") { head.loss(x, input.targets, pass) }
  }

  /// The number of tokens that are predicted.
  public func targetCount(of batch: TokenBatch) -> Int { batch.targetCount }

  /// `loss` and `accuracy` over the tokens that are predicted.
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  public func measure(_ batch: TokenBatch, _ pass: Pass) throws -> [String: MetricSum] {
    let input = try input(batch, pass)
    return head.measure(stream(input, pass), input.targets, pass)
  }
}
