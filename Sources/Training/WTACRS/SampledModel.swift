import Formats
import Tensors

/// A model whose linear layers keep only sampled rows of their inputs in training: ``SampledProducts``.
///
/// ```swift
/// let model = try SampledModel(gpt, WTACRSOptions(ratio: 0.3), samples: data.count, rowsPerSample: 256, context: context)
/// ```
/// It has a buffer or two more than the model within, the norms that it remembers, so that a resumed run is the one that was
/// never interrupted.
public struct SampledModel<Base: TrainableModel>: TrainableModel {
  /// The model within.
  public let base: Base
  /// How its products are done.
  public let rule: SampledProducts

  /// A model around another.
  ///
  /// - Parameters:
  ///   - base: the model within.
  ///   - options: what is kept.
  ///   - samples: the samples of the data that are remembered.
  ///   - rowsPerSample: rows of a layer's input for each of them.
  ///   - context: where tensors are made.
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public init(
    _ base: Base, _ options: WTACRSOptions, samples: Int, rowsPerSample: Int, context: Context
  ) throws(DataError) {
    self.base = base
    rule = try SampledProducts(
      base.parameters, options, samples: samples, rowsPerSample: rowsPerSample, context: context)
  }

  /// Those of the model within.
  public var parameters: [Parameter] { base.parameters }
  /// Those of the model within, and the norms.
  public var buffers: [Parameter] { base.buffers + rule.buffers }

  /// The loss; its way back estimates the weights' gradients.
  ///
  /// - Throws: what the model within throws.
  public func loss(of batch: Base.Batch, _ pass: Pass) throws -> Tensor {
    rule.begin(batch)
    pass.products = rule
    return try base.loss(of: batch, pass)
  }

  /// As the model within has it.
  public func targetCount(of batch: Base.Batch) -> Int { base.targetCount(of: batch) }

  /// As the model within has it.
  ///
  /// - Throws: what the model within throws.
  public func measure(_ batch: Base.Batch, _ pass: Pass) throws -> [String: MetricSum] {
    try base.measure(batch, pass)
  }

  /// `wtaCRS`.
  public func figures(ofRun: Bool) -> [JSON.Member] {
    base.figures(ofRun: ofRun) + [.init("wtaCRS", rule.figures(ofRun: ofRun).json(withLayers: ofRun))]
  }
}
