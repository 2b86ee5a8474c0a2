import NumericTypes

/// The generator of everything random here; it lives below, where what has no tensors can use it too.
public typealias Random = NumericTypes.Random
