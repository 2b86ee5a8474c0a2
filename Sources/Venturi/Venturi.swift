// The library people import: one module that brings the rooms a program needs to load and run a model.
@_exported import Formats
@_exported import Graphs
@_exported import Inference
@_exported import Layers
@_exported import Mixers
@_exported import Models
@_exported import NumericTypes
@_exported import Tensors
@_exported import Text
