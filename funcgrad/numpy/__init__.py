"""NumPy's namespace on traced values and arrays alike: ``import funcgrad.numpy as np``.

Every function has NumPy's signature, results and dtypes. NumPy's own functions dispatch
here as well when they meet a traced value, so ``import numpy as np`` serves too. With
traced operands ``out=`` is refused (``InPlaceUpdateError``).
"""

# ruff: isort: skip_file

from typing import TYPE_CHECKING

from numpy import (
    array_repr as array_repr,
    array_str as array_str,
    asanyarray as asanyarray,
    asarray_chkfinite as asarray_chkfinite,
    ascontiguousarray as ascontiguousarray,
    asfortranarray as asfortranarray,
    bartlett as bartlett,
    blackman as blackman,
    c_ as c_,
    complexfloating as complexfloating,
    copyto as copyto,
    diag_indices as diag_indices,
    dtype as dtype,
    e as e,
    errstate as errstate,
    euler_gamma as euler_gamma,
    finfo as finfo,
    floating as floating,
    from_dlpack as from_dlpack,
    frombuffer as frombuffer,
    fromfile as fromfile,
    fromfunction as fromfunction,
    fromiter as fromiter,
    frompyfunc as frompyfunc,
    fromstring as fromstring,
    generic as generic,
    get_printoptions as get_printoptions,
    hamming as hamming,
    hanning as hanning,
    iinfo as iinfo,
    index_exp as index_exp,
    indices as indices,
    inexact as inexact,
    inf as inf,
    integer as integer,
    intp as intp,
    isdtype as isdtype,
    isscalar as isscalar,
    issubdtype as issubdtype,
    iterable as iterable,
    kaiser as kaiser,
    load as load,
    mask_indices as mask_indices,
    may_share_memory as may_share_memory,
    mgrid as mgrid,
    nan as nan,
    ndarray as ndarray,
    ndenumerate as ndenumerate,
    ndindex as ndindex,
    newaxis as newaxis,
    number as number,
    ogrid as ogrid,
    pi as pi,
    place as place,
    printoptions as printoptions,
    promote_types as promote_types,
    put as put,
    putmask as putmask,
    r_ as r_,
    require as require,
    roots as roots,
    s_ as s_,
    save as save,
    savez as savez,
    set_printoptions as set_printoptions,
    shares_memory as shares_memory,
    signedinteger as signedinteger,
    tril_indices as tril_indices,
    triu_indices as triu_indices,
    unsignedinteger as unsignedinteger,
)

from funcgrad.core.numpy_protocol import deferred as protocol_answers
from funcgrad.deferred import deferred, homes
from funcgrad.numpy import like as like
from funcgrad.numpy import methods as methods
from funcgrad.numpy import ufunc_methods as ufunc_methods
from funcgrad.numpy.array_api import (
    __array_api_version__ as __array_api_version__,
    __array_namespace_info__ as __array_namespace_info__,
)
from funcgrad.numpy.contraction import (
    cross as cross,
    dot as dot,
    inner as inner,
    kron as kron,
    outer as outer,
    tensordot as tensordot,
    vdot as vdot,
)
from funcgrad.numpy.creation import (
    array as array,
    asarray as asarray,
    copy as copy,
    empty as empty,
    empty_like as empty_like,
    full as full,
    full_like as full_like,
    ones as ones,
    ones_like as ones_like,
    zeros as zeros,
    zeros_like as zeros_like,
)
from funcgrad.numpy.cumulative import (
    cumprod as cumprod,
    cumsum as cumsum,
    cumulative_prod as cumulative_prod,
    cumulative_sum as cumulative_sum,
)
from funcgrad.numpy.dispatch import (
    dispatch_table as dispatch_table,
)
from funcgrad.numpy.einsum import (
    einsum as einsum,
    einsum_path as einsum_path,
)
from funcgrad.numpy.elementwise import (
    allclose as allclose,
    angle as angle,
    around as around,
    array_equal as array_equal,
    array_equiv as array_equiv,
    clip as clip,
    fix as fix,
    i0 as i0,
    imag as imag,
    isclose as isclose,
    iscomplex as iscomplex,
    iscomplexobj as iscomplexobj,
    isneginf as isneginf,
    isposinf as isposinf,
    isreal as isreal,
    isrealobj as isrealobj,
    nan_to_num as nan_to_num,
    real as real,
    real_if_close as real_if_close,
    round as round,
    sinc as sinc,
    unwrap as unwrap,
)
from funcgrad.numpy.indexing import (
    argwhere as argwhere,
    choose as choose,
    compress as compress,
    diag as diag,
    diagflat as diagflat,
    diagonal as diagonal,
    extract as extract,
    fill_diagonal as fill_diagonal,
    flatnonzero as flatnonzero,
    nonzero as nonzero,
    piecewise as piecewise,
    put_along_axis as put_along_axis,
    ravel_multi_index as ravel_multi_index,
    select as select,
    take as take,
    take_along_axis as take_along_axis,
    trace as trace,
    tril as tril,
    triu as triu,
    unravel_index as unravel_index,
    where as where,
)
from funcgrad.numpy.joining import (
    append as append,
    array_split as array_split,
    block as block,
    column_stack as column_stack,
    concat as concat,
    concatenate as concatenate,
    delete as delete,
    dsplit as dsplit,
    dstack as dstack,
    hsplit as hsplit,
    hstack as hstack,
    insert as insert,
    pad as pad,
    split as split,
    stack as stack,
    unstack as unstack,
    vsplit as vsplit,
    vstack as vstack,
)
from funcgrad.numpy.ranges import (
    arange as arange,
    eye as eye,
    geomspace as geomspace,
    identity as identity,
    linspace as linspace,
    logspace as logspace,
    tri as tri,
)
from funcgrad.numpy.reductions import (
    all as all,
    amax as amax,
    amin as amin,
    any as any,
    argmax as argmax,
    argmin as argmin,
    count_nonzero as count_nonzero,
    max as max,
    mean as mean,
    min as min,
    prod as prod,
    ptp as ptp,
    std as std,
    sum as sum,
    var as var,
)
from funcgrad.numpy.shape import (
    astype as astype,
    atleast_1d as atleast_1d,
    atleast_2d as atleast_2d,
    atleast_3d as atleast_3d,
    broadcast_arrays as broadcast_arrays,
    broadcast_shapes as broadcast_shapes,
    broadcast_to as broadcast_to,
    expand_dims as expand_dims,
    flip as flip,
    fliplr as fliplr,
    flipud as flipud,
    matrix_transpose as matrix_transpose,
    moveaxis as moveaxis,
    ndim as ndim,
    permute_dims as permute_dims,
    ravel as ravel,
    repeat as repeat,
    reshape as reshape,
    resize as resize,
    roll as roll,
    rollaxis as rollaxis,
    rot90 as rot90,
    shape as shape,
    size as size,
    squeeze as squeeze,
    swapaxes as swapaxes,
    tile as tile,
    transpose as transpose,
)
from funcgrad.numpy.ufunc import (
    Ufunc as Ufunc,
)
from funcgrad.numpy.ufuncs import (
    abs as abs,
    absolute as absolute,
    acos as acos,
    acosh as acosh,
    add as add,
    arccos as arccos,
    arccosh as arccosh,
    arcsin as arcsin,
    arcsinh as arcsinh,
    arctan as arctan,
    arctan2 as arctan2,
    arctanh as arctanh,
    asin as asin,
    asinh as asinh,
    atan as atan,
    atan2 as atan2,
    atanh as atanh,
    bitwise_and as bitwise_and,
    bitwise_count as bitwise_count,
    bitwise_invert as bitwise_invert,
    bitwise_left_shift as bitwise_left_shift,
    bitwise_not as bitwise_not,
    bitwise_or as bitwise_or,
    bitwise_right_shift as bitwise_right_shift,
    bitwise_xor as bitwise_xor,
    cbrt as cbrt,
    ceil as ceil,
    conj as conj,
    conjugate as conjugate,
    copysign as copysign,
    cos as cos,
    cosh as cosh,
    deg2rad as deg2rad,
    degrees as degrees,
    divide as divide,
    divmod as divmod,
    equal as equal,
    exp as exp,
    exp2 as exp2,
    expm1 as expm1,
    fabs as fabs,
    float_power as float_power,
    floor as floor,
    floor_divide as floor_divide,
    fmax as fmax,
    fmin as fmin,
    fmod as fmod,
    frexp as frexp,
    gcd as gcd,
    greater as greater,
    greater_equal as greater_equal,
    heaviside as heaviside,
    hypot as hypot,
    invert as invert,
    isfinite as isfinite,
    isinf as isinf,
    isnan as isnan,
    lcm as lcm,
    ldexp as ldexp,
    left_shift as left_shift,
    less as less,
    less_equal as less_equal,
    log as log,
    log10 as log10,
    log1p as log1p,
    log2 as log2,
    logaddexp as logaddexp,
    logaddexp2 as logaddexp2,
    logical_and as logical_and,
    logical_not as logical_not,
    logical_or as logical_or,
    logical_xor as logical_xor,
    matmul as matmul,
    matvec as matvec,
    maximum as maximum,
    minimum as minimum,
    mod as mod,
    modf as modf,
    multiply as multiply,
    negative as negative,
    nextafter as nextafter,
    not_equal as not_equal,
    positive as positive,
    pow as pow,
    power as power,
    rad2deg as rad2deg,
    radians as radians,
    reciprocal as reciprocal,
    remainder as remainder,
    right_shift as right_shift,
    rint as rint,
    sign as sign,
    signbit as signbit,
    sin as sin,
    sinh as sinh,
    spacing as spacing,
    sqrt as sqrt,
    square as square,
    subtract as subtract,
    tan as tan,
    tanh as tanh,
    true_divide as true_divide,
    trunc as trunc,
    vecdot as vecdot,
    vecmat as vecmat,
)

if TYPE_CHECKING:
    from funcgrad.numpy import fft as fft
    from funcgrad.numpy import linalg as linalg
    from funcgrad.numpy.calculus import (
        diff as diff,
        ediff1d as ediff1d,
        gradient as gradient,
        interp as interp,
        trapezoid as trapezoid,
    )
    from funcgrad.numpy.grids import (
        apply_along_axis as apply_along_axis,
        apply_over_axes as apply_over_axes,
        can_cast as can_cast,
        common_type as common_type,
        diag_indices_from as diag_indices_from,
        ix_ as ix_,
        meshgrid as meshgrid,
        min_scalar_type as min_scalar_type,
        result_type as result_type,
        tril_indices_from as tril_indices_from,
        triu_indices_from as triu_indices_from,
    )
    from funcgrad.numpy.histograms import (
        bincount as bincount,
        convolve as convolve,
        correlate as correlate,
        histogram as histogram,
        histogram2d as histogram2d,
        histogram_bin_edges as histogram_bin_edges,
        histogramdd as histogramdd,
    )
    from funcgrad.numpy.nan_reductions import (
        nanargmax as nanargmax,
        nanargmin as nanargmin,
        nancumprod as nancumprod,
        nancumsum as nancumsum,
        nanmax as nanmax,
        nanmean as nanmean,
        nanmin as nanmin,
        nanprod as nanprod,
        nanstd as nanstd,
        nansum as nansum,
        nanvar as nanvar,
    )
    from funcgrad.numpy.packed_bits import (
        packbits as packbits,
        unpackbits as unpackbits,
    )
    from funcgrad.numpy.polynomials import (
        poly as poly,
        polyadd as polyadd,
        polyder as polyder,
        polydiv as polydiv,
        polyfit as polyfit,
        polyint as polyint,
        polymul as polymul,
        polysub as polysub,
        polyval as polyval,
        vander as vander,
    )
    from funcgrad.numpy.scalar_types import (
        bool as bool,
        bool_ as bool_,
        byte as byte,
        cdouble as cdouble,
        complex128 as complex128,
        complex64 as complex64,
        csingle as csingle,
        double as double,
        float16 as float16,
        float32 as float32,
        float64 as float64,
        half as half,
        int16 as int16,
        int32 as int32,
        int64 as int64,
        int8 as int8,
        int_ as int_,
        intc as intc,
        long as long,
        longlong as longlong,
        short as short,
        single as single,
        ubyte as ubyte,
        uint as uint,
        uint16 as uint16,
        uint32 as uint32,
        uint64 as uint64,
        uint8 as uint8,
        uintc as uintc,
        ulong as ulong,
        ulonglong as ulonglong,
        ushort as ushort,
    )
    from funcgrad.numpy.sets import (
        intersect1d as intersect1d,
        setdiff1d as setdiff1d,
        setxor1d as setxor1d,
        trim_zeros as trim_zeros,
        union1d as union1d,
        unique as unique,
        unique_all as unique_all,
        unique_counts as unique_counts,
        unique_inverse as unique_inverse,
        unique_values as unique_values,
    )
    from funcgrad.numpy.sorting import (
        argpartition as argpartition,
        argsort as argsort,
        digitize as digitize,
        isin as isin,
        lexsort as lexsort,
        partition as partition,
        searchsorted as searchsorted,
        sort as sort,
        sort_complex as sort_complex,
    )
    from funcgrad.numpy.statistics import (
        average as average,
        corrcoef as corrcoef,
        cov as cov,
        median as median,
        nanmedian as nanmedian,
        nanpercentile as nanpercentile,
        nanquantile as nanquantile,
        percentile as percentile,
        quantile as quantile,
    )
    from funcgrad.numpy.vectorized import (
        vectorize as vectorize,
    )
else:
    _HOMES = {
        "calculus": "diff ediff1d gradient interp trapezoid",
        "grids": (
            "apply_along_axis apply_over_axes can_cast common_type diag_indices_from "
            "ix_ meshgrid min_scalar_type result_type tril_indices_from "
            "triu_indices_from"
        ),
        "histograms": (
            "bincount convolve correlate histogram histogram2d histogram_bin_edges "
            "histogramdd"
        ),
        "nan_reductions": (
            "nanargmax nanargmin nancumprod nancumsum nanmax nanmean nanmin nanprod "
            "nanstd nansum nanvar"
        ),
        "packed_bits": "packbits unpackbits",
        "polynomials": (
            "poly polyadd polyder polydiv polyfit polyint polymul polysub polyval "
            "vander"
        ),
        "scalar_types": (
            "bool bool_ byte cdouble complex128 complex64 csingle double float16 "
            "float32 float64 half int16 int32 int64 int8 int_ intc long longlong short "
            "single ubyte uint uint16 uint32 uint64 uint8 uintc ulong ulonglong ushort"
        ),
        "sets": (
            "intersect1d setdiff1d setxor1d trim_zeros union1d unique unique_all "
            "unique_counts unique_inverse unique_values"
        ),
        "sorting": (
            "argpartition argsort digitize isin lexsort partition searchsorted sort "
            "sort_complex"
        ),
        "statistics": (
            "average corrcoef cov median nanmedian nanpercentile nanquantile "
            "percentile quantile"
        ),
        "vectorized": "vectorize",
    }
    _LATER = homes(__name__, _HOMES)
    __getattr__, __dir__ = deferred(__name__, ["fft", "linalg"], _LATER)
    __all__ = [name for name in __dir__() if not name.startswith("_")]
    protocol_answers.update({f"numpy.{name}": home for name, home in _LATER.items()})
    # Methods of arrays too.
    protocol_answers.update(
        {
            f"numpy.ndarray.{name}": _LATER[name]
            for name in ("argsort", "searchsorted", "sort")
        }
    )
