/// Why a layout cannot be.
public enum LayoutRefusal: Error, Sendable, Hashable {
  /// A count below one, or too large.
  case count(field: String, value: Int)
  /// t·p·d are not the devices that there are.
  case devices(product: Int, devices: Int)
  /// A batch that copies and microbatches do not divide.
  case batch(Int, copies: Int, microbatch: Int)
  /// Heads, key heads or the feed-forward width that a tensor group does not divide.
  case tensor(field: String, value: Int, tensor: Int)
  /// Layers that stages and chunks do not divide.
  case layers(Int, stages: Int, chunks: Int)
  /// Chunks where the schedule has none, or one chunk where it has several.
  case chunks(Int, schedule: PipelineSchedule)
  /// Interleaved microbatches that are no multiple of the stages.
  case microbatches(Int, stages: Int)
  /// Norms that only a tensor group can share.
  case norms
  /// Gradients that copies share beside a pipeline, or weights beside that or tensor groups.
  case sharding
  /// More memory than the device has.
  case memory(bytes: Double, device: Double)
}

extension LayoutRefusal: CustomStringConvertible {
  /// A sentence that holds the values.
  public var description: String {
    func giga(_ bytes: Double) -> String { "\((bytes / 1e9 * 10).rounded() / 10) GB" }
    return switch self {
    case .count(let field, let value): "\(field) is \(value), outside 1…\(1 << 24)"
    case .devices(let product, let devices): "t·p·d is \(product), not the \(devices) devices that there are"
    case .batch(let batch, let copies, let microbatch):
      "a batch of \(batch) is no multiple of \(copies) copies times microbatches of \(microbatch)"
    case .tensor(let field, let value, let tensor): "\(field) \(value) is no multiple of t = \(tensor)"
    case .layers(let layers, let stages, let chunks):
      "\(layers) layers are no multiple of \(stages) stages times \(chunks) chunks"
    case .chunks(let chunks, let schedule): "\(chunks) chunks on a device are none of the schedule \(schedule.rawValue)"
    case .microbatches(let count, let stages):
      "\(count) microbatches are no multiple of \(stages) stages, which interleaving needs"
    case .norms: "only a tensor group of two or more shares norms"
    case .sharding: "copies share gradients only where p = 1, and weights only where t = 1 too"
    case .memory(let bytes, let device): "needs \(giga(bytes)) of \(giga(device))"
    }
  }
}
