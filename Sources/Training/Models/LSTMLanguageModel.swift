import NumericTypes
import Tensors

/// Tokens through recurrent layers to the tokens that follow (Hochreiter, Schmidhuber: Long short-term memory, 1997).
///
/// Every row begins with an empty state, which is carried through all of it.
public struct LSTMLanguageModel: TrainableModel {
  /// The sizes.
  public let configuration: LSTMConfiguration
  /// The trained weights.
  public let parameters: [Parameter]
  /// None.
  public let buffers: [Parameter]
  private let embedding: EmbeddingLayer
  private let layers: [LSTMLayer]
  private let dropouts: [DropoutLayer]
  private let head: LanguageHead

  /// A model with fresh weights.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public init(
    _ configuration: LSTMConfiguration, seed: UInt64, storage: DType = .f32, context: Context
  ) throws(DataError) {
    try configuration.validate()
    let c = configuration
    self.configuration = c
    var builder = ModelBuilder(context: context, seed: seed, storage: storage)
    embedding = builder.within("embedding") {
      EmbeddingLayer(&$0, count: c.vocabulary, width: c.width, weight: .normal(deviation: 0.1))
    }
    var (layers, dropouts): ([LSTMLayer], [DropoutLayer]) = ([], [])
    for index in 0..<c.layers {
      builder.within("layers.\(index)") {
        layers.append(LSTMLayer(&$0, from: index == 0 ? c.width : c.hidden, to: c.hidden))
        dropouts.append(DropoutLayer(&$0, rate: c.dropout))
      }
    }
    (self.layers, self.dropouts) = (layers, dropouts)
    head = builder.within("head") {
      LanguageHead(weight: $0.weight("weight", [c.vocabulary, c.hidden], .fanIn))
    }
    (parameters, buffers) = (builder.parameters, builder.buffers)
  }

  /// What the layers make of each token, [B · N, hidden].
  private func stream(_ input: TokenRowsInput, _ pass: Pass) -> Tensor {
    let context = pass.context
    var x = embedding(input.inputs, pass).reshaped([input.rows, input.length, configuration.width])
    for (layer, dropout) in zip(layers, dropouts) { x = dropout(layer(x, pass), pass) }
    return context.contiguous(x).reshaped([input.rows * input.length, configuration.hidden])
  }

  private func input(_ batch: TokenBatch, _ context: Context) throws(DataError) -> TokenRowsInput {
    try TokenRowsInput(batch, vocabulary: configuration.vocabulary, length: configuration.length, context)
  }

  /// The mean cross-entropy over the tokens that are predicted.
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  public func loss(of batch: TokenBatch, _ pass: Pass) throws -> Tensor {
    let input = try input(batch, pass.context)
    return head.loss(stream(input, pass), input.targets, pass)
  }

  /// The number of tokens that are predicted.
  public func targetCount(of batch: TokenBatch) -> Int { batch.targetCount }

  /// `loss` and `accuracy` over the tokens that are predicted.
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  public func measure(_ batch: TokenBatch, _ pass: Pass) throws -> [String: MetricSum] {
    let input = try input(batch, pass.context)
    return head.measure(stream(input, pass), input.targets, pass)
  }
}
