// Winner-Take-All Column Row Sampling for Memory Efficient Adaptation of Language Model (2023),
// https://arxiv.org/abs/2305.15265: what fine-tuning T5 with it needs, predicted.
import Costs

/// The memory of fine-tuning an encoder, exactly and with sampled rows and low-rank adapters.
public struct WTACRSPrediction: Sendable, Hashable {
  /// An encoder-decoder as far as its memory in fine-tuning for short answers goes: nearly all tokens are the encoder's.
  public struct Shape: Sendable, Hashable {
    /// The model's name.
    public var name: String
    /// Layers of the encoder.
    public var layers: Int
    /// The width d.
    public var width: Int
    /// Heads.
    public var heads: Int
    /// The width of a head.
    public var headDim: Int
    /// The width f of the feed-forward layer.
    public var feedForward: Int
    /// All weights, the decoder's too.
    public var parameters: Double

    /// T5-Large (google-t5's configuration).
    public static let large = Shape(
      name: "T5-Large", layers: 24, width: 1024, heads: 16, headDim: 64, feedForward: 4096, parameters: 737.7e6)
    /// T5-3B.
    public static let threeBillion = Shape(
      name: "T5-3B", layers: 24, width: 1024, heads: 32, headDim: 128, feedForward: 16384, parameters: 2851.6e6)
  }

  /// The model.
  public var shape: Shape
  /// Tokens of a sequence.
  public var tokens = 128
  /// The part of rows that is kept.
  public var ratio = 0.3
  /// Adapters' weights as a part of the model's.
  public var adapters = 0.005

  /// A model.
  public init(_ shape: Shape) { self.shape = shape }

  /// Numbers of f32 that the exact way back keeps of a token in a layer: inputs and outputs of norms, q, k, v, softmax, its
  /// dropout and mask, what the heads give, and between the feed-forward's layers a ReLU and its dropout; masks are bytes.
  public var exactNumbers: Double {
    let (d, f, inner) = (Double(shape.width), Double(shape.feedForward), Double(shape.heads * shape.headDim))
    let scores = Double(shape.heads) * Double(tokens)
    return 4 * d + 4 * inner + 2.25 * scores + 2.25 * f + 0.5 * d
  }

  /// The same with k = ratio · N rows of linear layers' inputs, of q and k and of the dropped scores; norms' inputs, v and the
  /// softmax stay whole, masks of ReLU and dropout are bits.
  public var sampledNumbers: Double {
    let (d, f, inner) = (Double(shape.width), Double(shape.feedForward), Double(shape.heads * shape.headDim))
    let scores = Double(shape.heads) * Double(tokens)
    let whole = 2 * d + inner + scores
    let kept = ratio * (2 * d + 3 * inner + scores + f)
    return whole + kept + (scores + 2 * d + 2 * f) / 32
  }

  /// Bytes of fine-tuning in f32 with Adam: 16 for each weight, and the activations.
  public func exactBytes(batch: Double) -> Double { 16 * shape.parameters + activations(exactNumbers, batch) }

  /// Bytes with sampling, the weights frozen under adapters that are trained.
  public func sampledBytes(batch: Double) -> Double {
    shape.parameters * (4 + 16 * adapters) + activations(sampledNumbers, batch)
  }

  private func activations(_ numbers: Double, _ batch: Double) -> Double {
    4 * numbers * Double(shape.layers) * Double(tokens) * batch
  }

  /// The largest batch in `bytes` of memory, exactly and with sampling.
  public func largestBatch(in bytes: Double) -> (exact: Double, sampled: Double) {
    func batch(_ states: Double, _ numbers: Double) -> Double {
      max(0, (bytes - states) / activations(numbers, 1)).rounded(.down)
    }
    return (
      batch(16 * shape.parameters, exactNumbers), batch(shape.parameters * (4 + 16 * adapters), sampledNumbers)
    )
  }

  /// The paper's two figures, both of its best case: 2.7 times less memory, here T5-Large at 64 sequences of 128; 6.4 times
  /// the batch, here T5-3B on an A100 with 80 GB. No constant is fitted. The plain model shrinks all activations alike.
  ///
  /// - Throws: ``PlannerError/device(_:)``.
  public static func predictions() throws(PlannerError) -> [Prediction] {
    let device: Device
    do { device = try DeviceCatalogue.published.device("A100-SXM-80GB") } catch { throw .device(error) }
    let source = "arXiv 2305.15265v4, abstract, and the repository's README"
    func published(_ name: String, _ value: Double) -> Published {
      Published(name, Figure(value, source: source, date: "2023-11"), verified: true)
    }
    let (large, three) = (WTACRSPrediction(.large), WTACRSPrediction(.threeBillion))
    let batch = three.largestBatch(in: device.memory.value)
    return [
      Prediction(
        of: published("T5-Large, less peak memory with WTA-CRS 0.3 and LoRA (up to)", 2.7),
        predicted: large.exactBytes(batch: 64) / large.sampledBytes(batch: 64), plainRoofline: 1 / large.ratio,
        limit: 0.185, heldOut: true),
      Prediction(
        of: published("T5-3B, larger batch with WTA-CRS 0.3 and LoRA (up to)", 6.4),
        predicted: batch.sampled / max(1, batch.exact), plainRoofline: 1 / three.ratio, limit: 0.25, heldOut: true),
    ]
  }
}
