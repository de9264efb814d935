"""Functions of NumPy and SciPy that take no traced values, why, and what to write.

The errors, the table in the documentation and its test all read this one.
"""

from __future__ import annotations

import functools
from typing import NamedTuple


class Reason(NamedTuple):
    """A reason, the replacement (``{name}`` is the function) and those it holds for."""

    why: str
    fix: str
    names: str

    @property
    def writes(self) -> bool:
        """Whether they would write into an array."""
        return "in place" in self.why

    def fix_for(self, name: str) -> str:
        """What to write instead of the function."""
        return self.fix.format(name=name.rpartition(".")[2])


_TABLES_FIX = "call it outside of the traced function, and use its result as a constant"
_KNOWN_FIX = "x.dtype, x.shape and x.ndim, which are known"

REASONS = (
    Reason(
        "NumPy reads the entries of its argument in C, and asks no one else",
        "funcgrad.numpy.stack([...]) for a list of traced values, "
        "funcgrad.numpy.asarray(x) for anything else; funcgrad.pure_callback around "
        "foreign code",
        "numpy: array asanyarray asarray asarray_chkfinite ascontiguousarray "
        "asfortranarray asmatrix bmat fromiter require r_ c_",
    ),
    Reason(
        "it takes sizes and bounds, which decide a shape",
        "a size that is known: jit(f, static_argnames=...); funcgrad.numpy.full for a "
        "traced value in every entry",
        "numpy: arange bartlett blackman diag_indices empty eye fromfunction full "
        "hamming hanning identity mgrid ogrid indices kaiser mask_indices ones tri "
        "tril_indices triu_indices zeros",
    ),
    Reason(
        "it writes into an array in place",
        "x = x.at[index].set(value), with .add, .mul, .min and .max; "
        "funcgrad.numpy.put_along_axis returns a new array",
        "numpy: copyto fill_diagonal place put put_along_axis putmask",
    ),
    Reason(
        "it reads or writes files and buffers",
        "call it outside of the traced function, or in funcgrad.pure_callback",
        "numpy: from_dlpack frombuffer fromfile fromregex fromstring genfromtxt load "
        "loadtxt save savetxt savez savez_compressed",
    ),
    Reason(
        "the dtype of its result depends on the values",
        "np.{name}(x.astype(complex))",
        "numpy.lib.scimath: sqrt log log2 logn log10 power arccos arcsin arctanh",
    ),
    Reason(
        "it writes numbers as text",
        "funcgrad.debug.print('{{x}}', x=x)",
        "numpy: array2string array_repr array_str base_repr binary_repr "
        "format_float_positional format_float_scientific",
    ),
    Reason(
        "it works on dates",
        "whole days as integers, made before the function is called",
        "numpy: busday_count busday_offset datetime_as_string datetime_data is_busday "
        "isnat",
    ),
    Reason(
        "it asks of Python's objects and dtypes, not of numbers",
        _KNOWN_FIX,
        "numpy: broadcast_shapes isdtype isfortran isscalar issubdtype iterable "
        "mintypecode promote_types typename",
    ),
    Reason(
        "it asks where arrays lie in memory; traced values lie nowhere",
        "leave it out: no traced value shares memory that could be written to",
        "numpy: may_share_memory nested_iters shares_memory",
    ),
    Reason(
        "it makes a function that calls Python for each entry",
        "funcgrad.numpy.vectorize(f)(x), or funcgrad.vmap(f)(x)",
        "numpy: frompyfunc",
    ),
    Reason(
        "it sets or shows the session's settings",
        "call it outside of the traced function",
        "numpy: get_include get_printoptions getbufsize geterr geterrcall info "
        "printoptions set_printoptions setbufsize seterr seterrcall show_config "
        "show_runtime test | numpy.linalg: test | numpy.fft: test | scipy.special: "
        "errstate geterr seterr test",
    ),
    Reason(
        "it leaves out leading zeros, so that the values say how many roots there are",
        "funcgrad.numpy.linalg.eigvals(funcgrad.scipy.linalg.companion(p))",
        "numpy: roots",
    ),
    Reason(
        "SciPy's Python code asks for numbers on its way",
        "funcgrad.scipy.special.{name}",
        "scipy.special: comb diric factorial log_softmax logsumexp multigammaln "
        "polygamma softmax sph_harm_y zeta",
    ),
    Reason(
        "it takes whole numbers and gives tables, polynomials or nodes",
        _TABLES_FIX,
        "scipy.special: ai_zeros assoc_laguerre assoc_legendre_p assoc_legendre_p_all "
        "bei_zeros beip_zeros ber_zeros bernoulli berp_zeros bi_zeros c_roots "
        "cg_roots chebyc chebys chebyt chebyu ellip_harm ellip_harm_2 ellip_normal "
        "erf_zeros euler factorial2 factorialk fresnel_zeros fresnelc_zeros "
        "fresnels_zeros gegenbauer genlaguerre h_roots he_roots hermite hermitenorm "
        "j_roots jacobi jn_zeros jnjnp_zeros jnp_zeros jnyn_zeros js_roots kei_zeros "
        "keip_zeros kelvin_zeros ker_zeros kerp_zeros l_roots la_roots laguerre "
        "legendre legendre_p legendre_p_all lmbda lqmn lqn mathieu_even_coef "
        "mathieu_odd_coef obl_cv_seq p_roots pbdn_seq pbdv_seq pbvv_seq perm "
        "pro_cv_seq ps_roots riccati_jn riccati_yn roots_chebyc roots_chebys "
        "roots_chebyt roots_chebyu roots_gegenbauer roots_genlaguerre roots_hermite "
        "roots_hermitenorm roots_jacobi roots_laguerre roots_legendre roots_sh_chebyt "
        "roots_sh_chebyu roots_sh_jacobi roots_sh_legendre s_roots sh_chebyt "
        "sh_chebyu sh_jacobi sh_legendre sph_harm_y_all sph_legendre_p_all stirling2 "
        "t_roots ts_roots u_roots us_roots y0_zeros y1_zeros y1p_zeros yn_zeros "
        "ynp_zeros",
    ),
    Reason(
        "funcgrad has no rules for it",
        "funcgrad.pure_callback, with funcgrad.custom_jvp for the derivative",
        "scipy.special: agm airy airye bdtri bdtrik bdtrin bei beip ber berp "
        "besselpoly btdtria btdtrib chdtriv chndtr chndtridf chndtrinc chndtrix cosdg "
        "cosm1 cotdg ellipj elliprc elliprd elliprf elliprg elliprj eval_chebyc "
        "eval_chebys eval_chebyt eval_chebyu eval_gegenbauer eval_genlaguerre "
        "eval_hermite eval_hermitenorm eval_jacobi eval_laguerre eval_legendre "
        "eval_sh_chebyt eval_sh_chebyu eval_sh_jacobi eval_sh_legendre fdtridfd "
        "gdtria gdtrib gdtrix h1vp h2vp hankel1 hankel1e hankel2 hankel2e hyp0f1 "
        "hyperu it2i0k0 it2j0y0 it2struve0 itairy iti0k0 itj0y0 itmodstruve0 "
        "itstruve0 jve kei keip kelvin ker kerp kolmogi kolmogorov lambertw "
        "log_wright_bessel mathieu_a mathieu_b mathieu_cem mathieu_modcem1 "
        "mathieu_modcem2 mathieu_modsem1 mathieu_modsem2 mathieu_sem modfresnelm "
        "modfresnelp modstruve nbdtri nbdtrik nbdtrin ncfdtr ncfdtri ncfdtridfd "
        "ncfdtridfn ncfdtrinc nctdtr nctdtridf nctdtrinc nctdtrit ndtri_exp nrdtrimn "
        "nrdtrisd obl_ang1 obl_ang1_cv obl_cv obl_rad1 obl_rad1_cv obl_rad2 "
        "obl_rad2_cv pbdv pbvv pbwa pdtri pdtrik pro_ang1 pro_ang1_cv pro_cv pro_rad1 "
        "pro_rad1_cv pro_rad2 pro_rad2_cv radian sindg smirnov smirnovi "
        "sph_legendre_p spherical_in spherical_jn spherical_kn spherical_yn stdtridf "
        "powm1 struve tandg tklmbda voigt_profile wofz wright_bessel wrightomega yve "
        "zetac",
    ),
)

THROUGH_OTHERS = (
    "numpy.row_stack numpy.fft.fftfreq numpy.fft.rfftfreq scipy.special.ivp "
    "scipy.special.jvp scipy.special.kvp scipy.special.softplus scipy.special.yvp"
).split()
"""They are not handed over, and work, because all that they call is dispatched."""


@functools.cache
def undispatched() -> dict[str, Reason]:
    """Full names of the functions that do not take traced values, with the reasons."""
    table = {}
    for reason in REASONS:
        for group in reason.names.split("|"):
            package, _, names = group.partition(":")
            for name in names.split():
                table[f"{package.strip()}.{name}"] = reason
    return table
