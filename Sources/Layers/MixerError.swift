import NumericTypes
import Tensors

/// What can go wrong when sequence mixers and their states are made or fed.
public enum MixerError: Error, Sendable, Equatable {
  /// A setting outside its range; `field` names it.
  case invalidSetting(field: String, value: Int, expected: String)
  /// A number outside its range; `field` names it.
  case invalidNumber(field: String, value: Double, expected: String)
  /// Query heads that are no whole multiple of the kv heads.
  case headsNotDivisible(heads: Int, kvHeads: Int)
  /// A tensor whose shape does not fit; `argument` names it.
  case unexpectedShape(argument: String, Shape, expected: String)
  /// A tensor of another element type than is taken.
  case unexpectedType(argument: String, DType)
  /// More tokens than a state may hold.
  case capacityExceeded(capacity: Int, requested: Int)
  /// A token position outside a state.
  case positionOutOfRange(position: Int, tokens: Int)
  /// A run that does not start where its state ends.
  case positionMismatch(run: Int, position: Int, tokens: Int)
  /// One state in two runs of a batch.
  case stateRepeated(run: Int)
  /// A state of another kind or geometry than the mixer's; `run` is its place in the batch.
  case foreignState(run: Int, expected: String)
  /// A run that continues a sequence under a mask whose queries see later keys: earlier rows would have missed them.
  case looksAhead(run: Int, position: Int)
  /// Something that this kind of state cannot do.
  case unsupported(String)
  /// No memory for a state's growth.
  case memory(TensorError)
}

extension MixerError: CustomStringConvertible {
  /// A sentence that holds the values.
  public var description: String {
    switch self {
    case .invalidSetting(let field, let value, let expected): "\(field) is \(value) where \(expected) is expected"
    case .invalidNumber(let field, let value, let expected): "\(field) is \(value) where \(expected) is expected"
    case .headsNotDivisible(let heads, let kvHeads): "\(heads) query heads are no multiple of \(kvHeads) kv heads"
    case .unexpectedShape(let argument, let shape, let expected):
      "\(argument) has shape \(shape) where \(expected) is expected"
    case .unexpectedType(let argument, let dtype): "\(argument) is \(dtype.displayName), which is not taken here"
    case .capacityExceeded(let capacity, let requested): "\(requested) tokens where the state holds at most \(capacity)"
    case .positionOutOfRange(let position, let tokens): "position \(position) is outside a state of \(tokens) tokens"
    case .positionMismatch(let run, let position, let tokens):
      "run \(run) starts at \(position) where its state has \(tokens) tokens"
    case .stateRepeated(let run): "the state of run \(run) is already in the batch"
    case .foreignState(let run, let expected): "run \(run) has a state that is no \(expected)"
    case .looksAhead(let run, let position):
      "run \(run) starts at \(position), but a mask that looks ahead takes a sequence in one run"
    case .unsupported(let what): "this state does not support \(what)"
    case .memory(let error): error.description
    }
  }
}
