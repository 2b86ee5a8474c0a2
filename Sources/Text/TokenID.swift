/// The number of a token in its vocabulary, counted from 0.
public typealias TokenID = Int32
