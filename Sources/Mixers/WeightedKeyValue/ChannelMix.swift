import Layers
import Tensors

/// The channel mixing of RWKV-7: value(relu(key x)²) of the token's row mixed with the row before it.
public struct ChannelMix: Sendable {
  let shift: Tensor
  let key, value: any LinearCore

  /// A layer; `shift` is [1, width], the matrices [inner, width] and [width, inner].
  public init(shift: Tensor, key: any LinearCore, value: any LinearCore) {
    self.shift = shift
    self.key = key
    self.value = value
  }

  /// x += the mixing of h [rows, width], the normalised x, whose states ``TimeMix`` has checked.
  public func add(_ h: Tensor, to x: Tensor, layer: Int, batch: BatchBox, _ context: Context) {
    let mixed = context.shifted(h, by: shift, place: 1, layer: layer, batch: batch)
    let hidden = context.square(context.relu(key(LinearInput(mixed[0]), context)))
    value.add(LinearInput(hidden), to: x, context)
  }
}
